"""What a process imports at its start, and what happens if it is stopped meanwhile."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOADED = "import sys, app.cli, app.main; print(*sys.modules)"
# As if Ctrl-C was pressed during the imports.
STOPPED = """
import os, runpy, signal, sys

class Stopped:
    def find_spec(self, name, *_):
        if name == "app.cli":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests may ignore it
sys.meta_path.insert(0, Stopped())
runpy.run_module("app", run_name="__main__")
"""
FOR_SOME = {"alembic", "celery", "redis", "sentry_sdk", "zxcvbn"}
TRACES = {"opentelemetry.sdk", "opentelemetry.exporter"}


def test_rarely_used_libraries_are_not_imported_at_the_start() -> None:
    command = [sys.executable, "-c", LOADED]
    loaded = subprocess.check_output(command, cwd=ROOT, text=True).split()  # noqa: S603 - our own Python
    assert "asyncpg" in loaded
    assert (FOR_SOME | TRACES) & set(loaded) == set()


def test_ctrl_c_during_the_start_prints_no_traceback() -> None:
    command = [sys.executable, "-c", STOPPED]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - our own Python
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")
