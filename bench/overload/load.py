"""Requests that come when they come, whether earlier ones were answered or not: an open loop.

Each has a moment at which it should be sent, and its latency is counted from there. A client that
waits for longer than the deadline hangs up.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bench.figures import percentile

DEADLINE_SECONDS: Final = 2.0
OK: Final = range(200, 300)
REFUSED: Final = 503
LATE: Final = 0
"""The status of a request that got no answer in time."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: when it should have been sent, what it got, and how long that took."""

    at: float
    status: int
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What became of all requests of one load."""

    lasted: float = 0.0
    busy: float = 0.0
    """The part of the time that the generator itself computed: above 0.7 it distorts the rest."""
    sent: list[Sent] = field(default_factory=list)

    @property
    def goodput(self) -> float:
        return sum(each.status in OK for each in self.sent) / self.lasted

    def p99(self, *statuses: int) -> float:
        """Return the latency that 99 of 100 answers with such a status do not exceed."""
        taken = [each.seconds for each in self.sent if each.status in statuses]
        return percentile(taken, 99) if taken else 0.0

    def count(self, status: int) -> int:
        return sum(each.status == status for each in self.sent)

    def share(self, is_well: Callable[[int], bool]) -> float:
        return sum(is_well(each.status) for each in self.sent) / max(1, len(self.sent))


class Clients:
    """Keeps connections, and opens another one when all are in use."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes, at: float) -> Sent:
        """Send it, and return what came of it."""
        status = LATE
        with suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout_at(at + DEADLINE_SECONDS):
                status = await self._ask(request)
        return Sent(at, status, asyncio.get_running_loop().time() - at)

    async def _ask(self, request: bytes) -> int:
        reader, writer = await self._connection()
        is_kept = False
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            is_kept = b"connection: close" not in head
        finally:
            if is_kept:
                self._idle.append((reader, writer))
            else:
                writer.close()
        return int(head[9:12])

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[1].close()


def steady(rate: float, seconds: float) -> list[float]:
    """Return moments that come independently of each other (Poisson)."""
    moments, at = list[float](), random.expovariate(rate)
    while at < seconds:
        moments.append(at)
        at += random.expovariate(rate)
    return moments


def with_bursts(usual: float, burst: float, seconds: float) -> list[float]:
    """Return moments at a usual rate; every two seconds, for 0.2 of them, at another one."""
    moments, begin = list[float](), 0.0
    while begin < seconds:
        moments += [begin + each for each in steady(burst, 0.2)]
        moments += [begin + 0.2 + each for each in steady(usual, 1.8)]
        begin += 2.0
    return moments


async def offer(port: int, requests: list[bytes], moments: Iterable[float]) -> Outcome:
    """Send one of the requests at each of the moments; return when all have an end."""
    loop, clients, outcome = asyncio.get_running_loop(), Clients(port), Outcome()
    start, cpu = loop.time() + 0.05, time.process_time()
    tasks = list[asyncio.Task[Sent]]()
    for number, moment in enumerate(moments):
        if (early := start + moment - loop.time()) > 0:
            await asyncio.sleep(early)
        request = requests[number % len(requests)]
        tasks.append(asyncio.create_task(clients.ask(request, start + moment)))
    outcome.lasted = loop.time() - start
    outcome.busy = (time.process_time() - cpu) / outcome.lasted
    outcome.sent = await asyncio.gather(*tasks)
    clients.close()
    return outcome


async def peak(port: int, requests: list[bytes], *, callers: int, seconds: float) -> float:
    """Return the most answers in a second: each caller sends its next request after an answer."""
    loop, clients = asyncio.get_running_loop(), Clients(port)
    end = loop.time() + seconds

    async def call(number: int) -> int:
        count = 0
        while (now := loop.time()) < end:
            answer = await clients.ask(requests[(number + count) % len(requests)], now)
            count += answer.status in OK
        return count

    counts = await asyncio.gather(*map(call, range(callers)))
    clients.close()
    return sum(counts) / seconds
