"""The service starts before its database does."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest

from app.shared.infrastructure.database.migrate import upgrade
from tests.support.databases import text
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.server import Command, Running, is_answering
from tests.support.sockets import LIVE, connected, next_answer

READY: Final = LIVE.replace(b"live", b"ready")
READY_WITHIN_SECONDS: Final = 3.0
TOKEN: Final = "for-this-test-alone"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


def status(port: int, request: bytes) -> int:
    with connected(port) as connection:
        connection.sendall(request)
        return next_answer(connection)


async def migrated(server: PostgresServer) -> str:
    connection = await asyncpg.connect(text(server.url("postgres")))
    await connection.execute("CREATE DATABASE late_test")
    await connection.close()
    address = text(server.url("late_test"))
    await asyncio.to_thread(upgrade, address)
    return address


@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_a_process_that_starts_before_the_database_waits_for_it(
    server: PostgresServer, tmp_path: Path, command: str
) -> None:
    port = free_port()
    settings = {
        "DATABASE_URL": await migrated(server),
        "EVENTS": "embedded" if command == "serve" else "worker",
        "APP_ENV": "test",
        "PORT" if command == "serve" else "METRICS_PORT": str(port),
        "METRICS_TOKEN": TOKEN,
    }
    server.kill()
    running = Command(tmp_path, settings).start(command)
    try:
        running.wait_until(lambda: is_answering(port))
        if command == "serve":
            assert (status(port, LIVE), status(port, READY)) == (200, 503)
        await asyncio.sleep(1)
        assert running.is_alive
        await asyncio.to_thread(server.restart, "fast")
        began = time.monotonic()
        await asyncio.to_thread(wait_until_it_works, running, port, command)
        assert time.monotonic() - began < READY_WITHIN_SECONDS
        assert running.stop() == 0
    finally:
        running.kill()


def wait_until_it_works(running: Running, port: int, command: str) -> None:
    if command == "serve":
        running.wait_until(lambda: status(port, READY) == 200)
    else:
        running.wait_until(lambda: "event_backlog_known 1.0" in metrics(port))


def metrics(port: int) -> str:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    return httpx2.get(f"http://127.0.0.1:{port}/metrics", headers=bearer, timeout=20).text
