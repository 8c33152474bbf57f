"""The service behind a real port: in a thread of the tests, or as the process that users start."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from app.core.server import HttpProtocol

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20  # far more than anything here takes; only a failure waits for so long


# --- In a thread --------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    def __init__(self, app: ASGIApp, protocol: type[HttpProtocol]) -> None:
        config = uvicorn.Config(
            app,
            port=0,
            http=protocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.is_up.set()


@contextmanager
def served(app: ASGIApp, protocol: type[HttpProtocol] = HttpProtocol) -> Iterator[str]:
    """The address at which a thread serves the application, for as long as the block runs."""
    server = _Server(app, protocol)
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    assert server.is_up.wait(PATIENCE_SECONDS), "the server did not start in time"
    assert server.started, "the server did not start"
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


# --- As a process -------------------------------------------------------------------------------


@dataclass
class Command:
    """`python -m app …` with its own data, and with no setting of whoever runs the tests."""

    folder: Path
    settings: dict[str, str]
    module: str = "app"

    @property
    def environment(self) -> dict[str, str]:
        own = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT)}
        # The folder is also where it runs: no `.env` and no `var/` of the project is near.
        return {**own, "DATA_DIR": str(self.folder / "data"), **self.settings}

    def start(self, *arguments: str) -> "Running":
        log = self.folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - all of it is written in the tests
                [sys.executable, "-m", self.module, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return Running(process, log)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - all of it is written in the tests
            [sys.executable, "-m", self.module, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )


@dataclass
class Running:
    """A process of the service, and where its output goes."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def stop(self, kind: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(kind)
        return self.process.wait(PATIENCE_SECONDS)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Return when it is so. Fails with the output if the process ends first, or never."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            assert time.monotonic() < deadline, f"not in time:\n{self.output}"
            time.sleep(0.02)  # another process: there is nothing to wait on

    def kill(self) -> None:
        """End it whatever it does; for the teardown of tests that failed."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_answering(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
