"""The service behind a real port: in a thread of the tests, or as the process that users start."""

import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.types import ASGIApp

from app.core.http.server import HttpProtocol
from app.core.http.websocket_server import WebSocketProtocol
from tests.support.forks import FORKS
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20  # far more than anything here takes; only a failure waits for so long


# --- In a thread --------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    def __init__(self, app: ASGIApp, protocol: type[HttpProtocol], port: int) -> None:
        config = uvicorn.Config(
            app,
            port=port,
            http=protocol,
            ws=WebSocketProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.is_up.set()


@contextmanager
def served(
    app: ASGIApp, protocol: type[HttpProtocol] = HttpProtocol, *, port: int = 0
) -> Iterator[str]:
    """The address at which a thread serves the application while the block runs."""
    server = _Server(app, protocol, port)
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    assert server.is_up.wait(PATIENCE_SECONDS), "the server did not start in time"
    assert server.started, "the server did not start"
    try:
        bound: int = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


# --- As a process -------------------------------------------------------------------------------


@dataclass
class Command:
    """`python -m app …` with its own data, and without settings of the machine."""

    folder: Path
    settings: dict[str, str]
    module: str = "app"
    is_exec: bool = False
    """Whether to start a new Python, as users do, which takes a second."""

    @property
    def environment(self) -> dict[str, str]:
        own = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT)}
        # It also runs in this folder, so the project's `.env` and `var/` are not used.
        return {**own, "DATA_DIR": str(self.folder / "data"), **self.settings}

    def start(self, *arguments: str, output: Path | None = None) -> "Running":
        """Start it; its output is in `Running.output`, unless it goes elsewhere."""
        log = self.folder / "log"
        return Running(self._begin(arguments, output or log, log), log)

    def start_on(self, listener: socket.socket, *arguments: str) -> "Running":
        """Start it as systemd does after it has bound a socket."""
        log = self.folder / "log"
        log.write_bytes(b"")
        own = (self.module, arguments, listener, self.folder, self.environment, log, log)
        process = FORKS.Process(target=_exec_activated, args=own, daemon=True)
        process.start()
        return Running(process, log)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with TemporaryDirectory() as folder:
            output, errors = Path(folder, "output"), Path(folder, "errors")
            running = Running(self._begin(arguments, output, errors), output)
            try:
                code = running.ended()
            finally:
                running.kill()
            said = output.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8")
        return subprocess.CompletedProcess(arguments, code, *said)

    def _begin(self, arguments: tuple[str, ...], output: Path, errors: Path) -> BaseProcess:
        for log in (output, errors):
            log.write_bytes(b"")
        be = _exec_module if self.is_exec else _run_module
        its_own = (self.folder, self.environment, output, errors)
        process = FORKS.Process(target=be, args=(self.module, arguments, *its_own), daemon=True)
        process.start()
        return process


def _run_module(
    module: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], *logs: Path
) -> None:
    """Do in a fork what `python -m` does."""
    _settle_in(folder, environment, *logs)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _exec_module(
    module: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], *logs: Path
) -> None:
    """Become `python -m`."""
    _settle_in(folder, environment, *logs)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - no shell


def _exec_activated(
    module: str,
    arguments: tuple[str, ...],
    listener: socket.socket,
    folder: Path,
    environment: dict[str, str],
    *logs: Path,
) -> None:
    """Become `python -m`, with the socket as its first file after the usual three."""
    environment |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    os.dup2(listener.fileno(), 3)
    _exec_module(module, arguments, folder, environment, *logs)


def _settle_in(folder: Path, environment: dict[str, str], output: Path, errors: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((output, sys.stdout), (errors, sys.stderr)):
        with path.open("ab") as log:
            os.dup2(log.fileno(), stream.fileno())


@dataclass
class Running:
    """A process of the service, and where its output goes."""

    process: BaseProcess
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def stop(self, kind: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit code."""
        os.kill(self.process.pid or 0, kind)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        self.process.join(PATIENCE_SECONDS)
        code = self.process.exitcode
        assert code is not None, f"it does not end:\n{self.output}"
        return code

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Return when the condition holds.

        Fails with the output if the process ends first, or too late.
        """
        wait_until(is_so, lambda: self.is_alive, self.log)

    def end(self) -> None:
        """Ask it to stop, so that it ends what it started; kill it if it does not."""
        self.process.terminate()
        self.process.join(5)
        self.kill()

    def kill(self) -> None:
        """Kill it; for the teardown of failed tests."""
        self.process.kill()
        self.process.join()


def wait_until(is_so: Callable[[], bool], is_alive: Callable[[], bool], log: Path) -> None:
    """Return when the condition holds.

    Fails with the output if the process ends first, or too late.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert is_alive(), f"it ended:\n{log.read_text(encoding='utf-8')}"
        assert time.monotonic() < deadline, f"not in time:\n{log.read_text(encoding='utf-8')}"
        time.sleep(0.02)  # another process: there is nothing to wait on


@contextmanager
def answering(command: Command) -> Iterator[tuple[Running, int]]:
    """The process of an API that answers, and its port, while the block runs."""
    port = free_port()
    command.settings["PORT"] = str(port)
    running = command.start("serve")
    try:
        running.wait_until(lambda: is_answering(port))
        yield running, port
    finally:
        running.kill()


def is_answering(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
