"""Checks of the project, run in a copy of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

CHECKS: Final = (
    "ruff check",
    "ruff format --check",
    "lint-imports --no-logo",
    "python -m app.shared.infrastructure.database.migration_rules",
    "deptry .",
    "mypy",
)
TOOLS: Final = Path(sys.executable).parent


def run_in(project: Path, command: str, *arguments: str | Path, **variables: str) -> None:
    """Run a command of the environment in the copy, as in a new shell. It has to succeed."""
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
