"""A copy of the project, more modules in it, and its checks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.server import ROOT

CHECKS: Final = (
    "ruff check",
    "ruff format --check",
    "lint-imports --no-logo",
    "python -m app.shared.infrastructure.database.migration_rules",
    "deptry .",
    "mypy",
)
TOOLS: Final = Path(sys.executable).parent


def copy_project(folder: Path) -> Path:
    """Copy what is tracked, as it is in the working tree, and return the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - the developer's own
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)  # the cache of mypy goes by times
    copy_what_mypy_knows(folder)
    return folder


def copy_what_mypy_knows(folder: Path) -> None:
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")


def register(project: Path, imports: str, lines: str) -> None:
    """Add modules to the container of a copy."""
    container = project / "app/container.py"
    before, first, after = container.read_text(encoding="utf-8").partition("from app.modules.")
    container.write_text(before + imports + first + after + lines, encoding="utf-8")


def run_in(project: Path, command: str, *arguments: str | Path, **variables: str) -> str:
    """Run a command of the environment in the copy, as in a new shell; return what it prints.

    It has to succeed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(  # noqa: S603 - the commands are those of tests
        [TOOLS / command, *arguments],
        cwd=project,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout[-5_000:]}\n{ended.stderr[-5_000:]}"
    return ended.stdout
