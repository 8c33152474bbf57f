"""Prometheus's own tool, which checks and tests rules."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parents[2]
RULES: Final = sorted((ROOT / "deploy/alerts").glob("*.yaml"))
DASHBOARDS: Final = sorted((ROOT / "deploy/dashboards").glob("*.json"))

# What has a name in PromQL and is no metric: what stands in braces and brackets, the words of the
# language, lists of labels, and functions.
_OTHERS: Final = re.compile(
    r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without|ignoring)\s*\([^)]*\)|\b(?:and|or|unless)\b"
    r"|\w+\s*(?=\()|\w+(?=\s+(?:by|without)\b)"
)
_NAME: Final = re.compile(r"\b[a-z][a-z_]*\b(?!:)")


class NoPromtool(Exception):
    """There is none; the message says where it was looked for."""


class Promtool(NamedTuple):
    program: str
    version: str

    def run(self, *arguments: str | Path) -> str:
        """Run it; return what it printed. Raises AssertionError if it found something wrong."""
        command = [self.program, *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - its own arguments
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def found() -> Promtool:
    """Raises NoPromtool."""
    if (program := shutil.which("promtool")) is None:
        raise NoPromtool("no promtool on the PATH: apt-get install prometheus")
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    version = re.search(r"version (\d+(?:\.\d+)*)", printed.stdout + printed.stderr)
    return Promtool(program, version[1] if version else "of an unknown version")


def rules(file: Path) -> list[dict[str, Any]]:
    """Return the rules of a file."""
    groups = YAML(typ="safe").load(file.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for file in RULES for rule in rules(file) if "alert" in rule}


def panels() -> Iterator[tuple[str, str]]:
    """Return each expression of each panel, with the name of its panel."""
    for file in DASHBOARDS:
        for panel in orjson.loads(file.read_bytes())["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", "5m")
                yield f"{file.stem}: {panel['title']}", expression


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics, without those that another rule records."""
    without_records = re.sub(r"[a-z]+:\w+:\w+", "", expression)
    return set(_NAME.findall(_OTHERS.sub(" ", without_records)))
