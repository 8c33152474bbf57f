"""Celery's workers as tests need them: with the probes, started, ordered about, and ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from app.config.settings import Settings
from tests.support.celery_worker import run
from tests.support.forks import FORKS
from tests.support.probe.child import environment
from tests.support.probe.handlers import Folder
from tests.support.probe.world import until

ROOT: Final = Path(__file__).resolve().parents[2]


class Process:
    """A process that a test started, and what it forked: they are a group of their own."""

    def __init__(self, pid: int, exit_code: Callable[[], int | None], log: Path) -> None:
        self.pid, self._exit_code, self._log = pid, exit_code, log

    @property
    def is_alive(self) -> bool:
        return self._exit_code() is None

    async def says(self, word: str) -> None:
        """Wait until its log has the word."""

        def has_said() -> bool:
            said = self._log.read_text() if self._log.exists() else ""
            assert self._exit_code() is None, said
            return word in said

        await until(has_said)

    async def stop(self) -> int:
        """Ask it to end; return how it did."""
        os.kill(self.pid, signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it has ended; return how."""
        await until(lambda: self._exit_code() is not None)
        code = self._exit_code()
        assert code is not None
        return code

    async def kill(self) -> None:
        """End it at once, with all that it forked."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self.ended()


@asynccontextmanager
async def process(
    *command: str, settings: Settings, log: Path, **others: str
) -> AsyncIterator[Process]:
    """A process of ours, gone at the end of the block with all that it forked."""
    with log.open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            cwd=ROOT,
            env=environment(settings) | others,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    running = Process(started.pid, lambda: started.returncode, log)
    try:
        yield running
    finally:
        await running.kill()


@asynccontextmanager
async def worker(
    settings: Settings, folder: Folder, log: Path, *, trouble: str = "", failpoint: str = ""
) -> AsyncIterator[Process]:
    """A worker with the probes, ready to receive."""
    others = {
        "PROBE_FOLDER": str(folder.path),
        "PROBE_FAILPOINT": failpoint,
        "PROBE_TROUBLE": trouble,
    }
    started = FORKS.Process(target=run, args=(environment(settings) | others, str(log)))
    await asyncio.to_thread(started.start)
    running = Process(started.pid or 0, lambda: started.exitcode, log)
    try:
        await running.says("worker ready")
        yield running
    finally:
        started.kill()
        await running.kill()
