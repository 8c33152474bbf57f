"""Hours of usual load with faults: nothing grows."""

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest

from app.shared.infrastructure.database.migrate import upgrade
from bench.overload.load import offer, steady
from bench.overload.mixes import WRITERS, mixes, reads, signed_in
from tests.faults.conftest import ASKED_ROUNDS
from tests.faults.test_overload import SETTINGS
from tests.support.databases import text
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.server import Running
from tests.support.sockets import connected, start

HALF_AN_HOUR: Final = 1800
SECONDS: Final = float(
    os.environ.get("FAULTS_SOAK_SECONDS") or (HALF_AN_HOUR if ASKED_ROUNDS else 6)
)
"""The longest form is asked for by FAULTS_SOAK_SECONDS."""
BETWEEN_FAULTS: Final = min(30.0, SECONDS / 3)
FAULTS_OF_TOKENS: Final = 20
"""How many faults tokens are used for: ten minutes of the fifteen that they are valid."""
A_SECOND: Final = 40
POOL_SIZE: Final = 5
LONG_ENOUGH: Final = 600
"""From so many seconds on the slope of the memory means something."""
MOST_GROWTH: Final = 1024 * 1024 / 3600
"""In bytes a second."""
ENDED: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
CONNECTIONS: Final = """
SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()
"""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


class Process:
    """What the operating system knows of the service."""

    def __init__(self, running: Running) -> None:
        self._folder = Path(f"/proc/{running.process.pid}")

    @property
    def memory(self) -> int:
        pages = int((self._folder / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def files(self) -> int:
        return len(list((self._folder / "fd").iterdir()))


async def requests(port: int) -> list[bytes]:
    """What to send, with new tokens. The service remembers each token, so they are not too many."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        return reads(await signed_in(client))


async def disturb(server: PostgresServer, address: str, port: int, number: int) -> None:
    """Cause one of the faults, in turn."""
    if number % 3 == 0:
        database = await asyncpg.connect(address)
        await database.execute(ENDED)
        await database.close()
    elif number % 3 == 1:
        await asyncio.to_thread(server.restart, "fast")
    else:
        for _ in range(20):
            with connected(port) as cut:
                cut.sendall(b"POST /api/v1/auth/token HTTP/1.1\r\nHost: te")


async def test_nothing_grows_under_usual_load_with_faults(
    server: PostgresServer, tmp_path: Path
) -> None:
    database = await asyncpg.connect(text(server.url("postgres")))
    await database.execute("CREATE DATABASE soaked_test")
    await database.close()
    address, port = text(server.url("soaked_test")), free_port()
    await asyncio.to_thread(upgrade, address)
    settings = SETTINGS | {"DATABASE_POOL_SIZE": str(POOL_SIZE), "DATABASE_URL": address}
    running = start(tmp_path, port, module="bench.overload.service", **settings)
    try:
        service, seen = Process(running), list[tuple[float, int]]()
        await mixes(port, people=WRITERS)
        await offer(port, await requests(port), steady(A_SECOND, 1))
        files, began, number, answers = service.files, time.monotonic(), 0, Counter[int]()
        while (since := time.monotonic() - began) < SECONDS:
            if number % FAULTS_OF_TOKENS == 0:
                to_send = await requests(port)
            load = asyncio.create_task(offer(port, to_send, steady(A_SECOND, BETWEEN_FAULTS)))
            await asyncio.sleep(BETWEEN_FAULTS / 2)
            await disturb(server, address, port, number)
            answers.update(each.status for each in (await load).sent)
            number += 1
            seen.append((since, service.memory))
        await asyncio.sleep(1)
        calm = await offer(port, await requests(port), steady(A_SECOND, 1))
        database = await asyncpg.connect(address)
        connections = await database.fetchval(CONNECTIONS)
        await database.close()
        assert {each.status for each in calm.sent} == {200}
        assert answers.keys() <= {200, 503}, answers
        assert answers[200] > answers[503]
        assert connections <= POOL_SIZE
        assert service.files <= files + POOL_SIZE
        warm = [each for each in seen if each[0] > SECONDS / 3]
        if SECONDS >= LONG_ENOUGH:
            growth, _ = statistics.linear_regression(*zip(*warm, strict=True))
            print(f"{growth * 3600 / 1024:.0f} KiB an hour, {answers}")  # noqa: T201
            assert growth <= MOST_GROWTH
    finally:
        running.kill()
