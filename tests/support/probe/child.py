"""Processes that a test starts, sends commands to, and kills."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from pydantic import SecretStr

from app.config.settings import Settings
from tests.support.forks import FORKS
from tests.support.probe.process import run

PATIENCE_SECONDS: Final = 30


class Child:
    """One process that runs the commands of a test."""

    def __init__(
        self,
        process: Any,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer

    @classmethod
    async def start(cls, environment: dict[str, str]) -> Self:
        ours, theirs = socket.socketpair()
        process = FORKS.Process(target=run, args=(environment, theirs), daemon=True)
        await asyncio.to_thread(process.start)
        theirs.close()
        return cls(process, *await asyncio.open_connection(sock=ours))

    @property
    def pid(self) -> int:
        pid: int = self._process.pid
        return pid

    @property
    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    async def do(self, command: str) -> None:
        """Send a command and wait until the process has run it."""
        line = f"{command}\n".encode()
        self._writer.write(line)
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await self._reader.readline()
        assert answer == line, f"it ended while it was to {command}"

    async def stop(self) -> None:
        """Stop the work of the process, which returns its claimed deliveries."""
        await self.do("rest")

    async def finish(self) -> None:
        """Wait until the process has finished its running deliveries."""
        await self.do("finish")

    async def kill(self) -> None:
        """Kill the process at once, in any state."""
        self._process.kill()
        await self.ended()

    async def ended(self) -> None:
        """Wait until the process has ended, by itself or because it was killed."""
        await asyncio.to_thread(self._process.join, PATIENCE_SECONDS)
        assert not self._process.is_alive()
        self._writer.close()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@asynccontextmanager
async def child(
    settings: Settings,
    folder: Path,
    *,
    failpoint: str = "",
    sabotage: str = "",
    is_hasty: bool = True,
) -> AsyncIterator[Child]:
    """Start a process, and kill it at the end of the block."""
    started = await Child.start(
        {
            **environment(settings),
            "PROBE_FOLDER": str(folder),
            "PROBE_FAILPOINT": failpoint,
            "PROBE_SABOTAGE": sabotage,
            "PROBE_HASTE": "yes" if is_hasty else "no",
        }
    )
    try:
        yield started
    finally:
        await started.kill()


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables, without those of the test run itself."""
    own = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    said = {name.upper(): _said(getattr(settings, name)) for name in settings.model_fields_set}
    return own | said


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={count}" for name, count in value.items())
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
