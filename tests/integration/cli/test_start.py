"""What a process that serves requests has loaded before the first one comes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOADED = "import sys, app.cli, app.main; print(*sys.modules)"
FOR_SOME = {"alembic", "celery", "redis", "sentry_sdk", "zxcvbn"}


def test_what_only_some_processes_need_is_not_loaded_at_the_start() -> None:
    command = [sys.executable, "-c", LOADED]
    loaded = subprocess.check_output(command, cwd=ROOT, text=True).split()  # noqa: S603 - our own Python
    assert "asyncpg" in loaded
    assert FOR_SOME & set(loaded) == set()
