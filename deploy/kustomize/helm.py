"""Asks Helm and the schemas of Kubernetes. They are in an environment of their own: see tool.py."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "deploy/helm"
PYTHON: Final = ROOT / ".venv-manifests/bin/python"  # `make manifests` creates it


class Refused(Exception):
    """What Helm or Kubernetes says to a mistake."""


class Helm:
    """The running tool."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def render(
        self, values: Mapping[str, Any], name: str = "shop", namespace: str = "prod"
    ) -> dict[str, str]:
        """Return the text that each template gives. Raises Refused."""
        request = {"chart": str(CHART), "values": values, "name": name, "namespace": namespace}
        texts: dict[str, str] = self._ask(do="render", **request)
        return {path: text for path, text in texts.items() if path.endswith(".yaml")}

    def lint(self, values: Mapping[str, Any]) -> list[str]:
        """Return what Helm finds wrong in the chart."""
        found: list[str] = self._ask(do="lint", chart=str(CHART), values=values)
        return found

    def validate(self, manifest: Mapping[str, Any], version: str) -> None:
        """Raise Refused if a version of Kubernetes would refuse the manifest."""
        self._ask(do="validate", manifest=manifest, version=version)

    def _ask(self, **request: object) -> Any:  # noqa: ANN401 - what is asked for
        sent, received = self._process.stdin, self._process.stdout
        assert sent  # noqa: S101 - both are pipes
        assert received  # noqa: S101
        sent.write(f"{json.dumps(request)}\n")
        sent.flush()
        answer = json.loads(received.readline())
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["done"]


@contextmanager
def started() -> Iterator[Helm]:
    """Start the tool for as long as the block runs."""
    command = [PYTHON, Path(__file__).with_name("tool.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own
        try:
            yield Helm(process)
        finally:
            if process.stdin:
                process.stdin.close()
