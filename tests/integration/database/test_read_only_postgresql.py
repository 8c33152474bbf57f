"""After a failover the connections to the former primary answer, but accept no writes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from app.shared.infrastructure.database.postgres import PostgresDatabase
from tests.integration.database.postgresql import expect_unavailable, opened, read, write
from tests.support.events import count_events
from tests.support.logs import captured_lines

SIZE = 3

pytestmark = pytest.mark.usefixtures("clean_postgresql")


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[PostgresDatabase]:
    """All its connections are from before the failover; new ones go to the new primary."""
    async with opened(postgresql_url, pool_size=SIZE) as database:
        async with AsyncExitStack() as stack:
            for _ in range(SIZE):
                raw = await database._pool.acquire()
                stack.callback(database._pool.release, raw)
                await raw.execute("SET default_transaction_read_only = on")
        yield database


async def test_a_write_fails_once_and_then_goes_to_the_new_primary(
    database: PostgresDatabase,
) -> None:
    with captured_lines() as lines:
        await expect_unavailable(write(database))
    assert [line["sqlstate"] for line in lines if line["event"] == "database unavailable"] == [
        "25006"
    ]
    await asyncio.gather(*(write(database) for _ in range(SIZE * 2)))
    assert await count_events(database) == SIZE * 2


async def test_a_connection_in_use_is_not_reused_afterwards(database: PostgresDatabase) -> None:
    lent = await database._pool.acquire()
    await expect_unavailable(write(database))
    assert not lent.is_closed()  # its user may finish its work
    database._pool.release(lent)
    assert lent.is_closed()
    await asyncio.gather(*(write(database) for _ in range(SIZE * 2)))


async def test_a_readiness_check_sends_the_next_one_to_the_new_primary(
    database: PostgresDatabase,
) -> None:
    assert await database.is_writable() is False
    assert await database.is_writable() is True
    await write(database)


async def test_reads_keep_their_connections_while_no_server_accepts_writes(
    postgresql_url: str,
) -> None:
    """A read need not connect again after each failed write."""
    async with opened(postgresql_url, pool_size=2) as database:
        connect, made = database._connect, 0

        async def connect_to_a_standby() -> asyncpg.Connection:
            nonlocal made
            raw = await connect()
            await raw.execute("SET default_transaction_read_only = on")
            made += 1
            return raw

        database._pool._connect = connect_to_a_standby
        for _ in range(5):
            await expect_unavailable(write(database))
        before = made
        for _ in range(5):
            await read(database)
            await expect_unavailable(write(database))
        assert made - before <= 6  # one for each failed write, and not for each read
