"""The contestants' processes: started, waited for, and gone at the end."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.http import traffic
from bench.http.contestants.common import ISSUER
from bench.http.process import OURS
from bench.http.wire import ask
from bench.processes import process
from tests.support.ports import free_port

PATIENCE_SECONDS: Final = 60.0
# Of /proc/[pid]/stat (proc(5)), counted from the field after the name.
GROUP, USER_TIME, SYSTEM_TIME = 2, 11, 12
TICKS: Final = os.sysconf("SC_CLK_TCK")


class DoesNotServe(Exception):
    """A contestant did not start; what it said is in the message."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers."""

    name: str
    port: int
    pid: int
    seconds_to_first_answer: float

    def memory(self) -> float:
        """Return its resident memory in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_seconds(self) -> float:
        """Return the time that it, and the processes that it started, were at work so far."""
        spent = 0.0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has ended meanwhile
                fields = path.read_text().rpartition(") ")[2].split()
                if int(fields[GROUP]) == self.pid:
                    spent += (int(fields[USER_TIME]) + int(fields[SYSTEM_TIME])) / TICKS
        return spent


class Servers:
    """Starts them; they are gone when the stack is unwound."""

    def __init__(self, stack: AsyncExitStack, folder: Path, key: str) -> None:
        self._stack, self._folder, self._key = stack, folder, key

    async def start(
        self, name: str, address: str, cores: frozenset[int] | None, **settings: Any
    ) -> Server:
        """Return it once it answers. Raises DoesNotServe."""
        return await self._stack.enter_async_context(self.running(name, address, cores, **settings))

    @asynccontextmanager
    async def running(
        self, name: str, address: str, cores: frozenset[int] | None, **settings: Any
    ) -> AsyncIterator[Server]:
        port, log = free_port(), self._folder / f"{name}-{secrets.token_hex(3)}.log"
        environment = self._production(address, port) | settings
        began = time.perf_counter()
        command = ("bench.http.process", name)
        async with process(*command, environment=environment, log=log, cores=cores) as started:
            if why := await _why_it_does_not_answer(name, port, started):
                said = log.read_text(encoding="utf-8", errors="replace")
                raise DoesNotServe(f"{name} {why}. It said:\n{said}")
            yield Server(name, port, started.pid, time.perf_counter() - began)

    def _production(self, address: str, port: int) -> dict[str, str]:
        """Say the settings: production's, and a limit that counts but lets the load pass."""
        own = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return own | {
            "APP_ENV": "production",
            "APP_NAME": ISSUER,
            "ALLOWED_HOSTS": traffic.HOST,
            "PUBLIC_URL": f"https://{traffic.HOST}",
            "DATABASE_URL": address,
            "DATA_DIR": str(self._folder),
            "JWT_SECRET_KEY": self._key,
            "MAIL_FROM": "no-reply@example.com",
            "METRICS_TOKEN": secrets.token_hex(16),
            "PORT": str(port),
            "RATE_LIMIT_PER_MINUTE": "1000000",
            "SMTP_URL": "smtp://127.0.0.1:2525",  # nobody there: no mail is sent
        }


async def _why_it_does_not_answer(
    name: str, port: int, started: asyncio.subprocess.Process
) -> str | None:
    """Return None once it does."""
    request = traffic.get(traffic.HEALTH if name == OURS else traffic.EMPTY)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while started.returncode is None and time.monotonic() < deadline:
        try:
            answer = await ask(port, request)
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.005)
            continue
        is_well = answer.status == 200  # noqa: PLR2004 - as every contestant says it
        return None if is_well else f"answers {answer.status}: {answer.body}"
    return "does not start"
