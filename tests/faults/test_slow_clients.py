"""Thousands of clients that hold a connection and do nothing, beside clients that want answers."""

import asyncio
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.ports import free_port
from tests.support.server import Running
from tests.support.sockets import LIVE, POST, start

REQUESTS = 400
CLIENTS = 8
# What slow clients send before they wait.
HALVES = (
    b"",
    LIVE,  # and then keep the connection
    LIVE[:-2],
    POST + b"Content-Length: 100\r\n\r\n{",
)


@pytest.fixture
def connections(rounds: Callable[[int], int]) -> int:
    """Allow so many open files: this process and the server need one for each connection."""
    wanted = rounds(50) * 10
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + 512
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), hard))
    return wanted


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(connections: int, port: int, tmp_path: Path) -> Iterator[Running]:
    held = 4 + connections // 300  # seconds to open all of them, and to send requests meanwhile
    settings = {"LOG_LEVEL": "ERROR", "RATE_LIMITS": "false", "BODY_TIMEOUT_SECONDS": str(held)}
    running = start(tmp_path, port, **settings)
    yield running
    running.kill()


async def test_those_who_want_answers_get_them_while_others_hold_connections(
    server: Running, port: int, connections: int
) -> None:
    before = await _traffic(port)
    held = [await _hold(port, HALVES[number % len(HALVES)]) for number in range(connections)]
    during = await _traffic(port)
    # Silent connections are closed without an answer, and idle ones may stay for a minute.
    halves = [reader for number, (reader, _) in enumerate(held) if number % len(HALVES) > 1]
    ends = Counter(await asyncio.gather(*(_end_of(reader) for reader in halves)))
    for _, writer in held:
        writer.close()
    after = await _traffic(port)

    medians = [round(statistics.median(each) * 1000, 1) for each in (before, during, after)]
    print(f"{connections} held: medians before, during and after: {medians} ms")  # noqa: T201
    assert ends == {b"408": connections // 2}
    assert server.is_alive
    assert server.output.count("Traceback") == 0


async def _hold(port: int, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    if sent == LIVE:
        await reader.readuntil(b'"alive"}')
    return reader, writer


async def _end_of(reader: asyncio.StreamReader) -> bytes:
    """Return the status of the connection's last answer; nothing if it was closed without one."""
    return (await asyncio.wait_for(reader.read(), timeout=60))[9:12]


async def _traffic(port: int) -> list[float]:
    """Return how long each of some requests took. Fails if one of them got no answer."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

        async def ask() -> list[float]:
            taken = []
            for _ in range(REQUESTS // CLIENTS):
                started = time.perf_counter()
                assert (await client.get("/health/ready")).status_code == 200
                taken.append(time.perf_counter() - started)
            return taken

        each = await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    return [seconds for one in each for seconds in one]
