"""PostgreSQL restarts: reads continue without an error, a write fails at most once."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from sqlalchemy import func, select

from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.statement import Statement
from tests.integration.database.postgresql import (
    STEPS,
    Step,
    Work,
    expect_unavailable,
    opened,
    read,
    read_all,
    write,
)
from tests.support.events import ADD, an_event, count_events

WHO = Statement(select(func.pg_backend_pid().label("pid")))

pytestmark = pytest.mark.usefixtures("clean_postgresql")


async def pids(database: PostgresDatabase, size: int) -> set[int]:
    """Open that many connections; return the server's processes for them."""
    rows = await asyncio.gather(*(database.fetch_one(WHO, {}) for _ in range(size)))
    found = {row["pid"] for row in rows if row}
    assert len(found) == size
    return found


def drop(url: str, connections: Iterable[int]) -> None:
    """End connections on the server, while our event loop is blocked and cannot notice."""

    async def end() -> None:
        server, doomed = await asyncpg.connect(url), list(connections)
        await server.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", doomed)
        while await server.fetch("SELECT FROM pg_stat_activity WHERE pid = ANY($1)", doomed):
            pass
        await server.close()

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, end()).result()


@pytest.mark.parametrize("work", [read, read_all])
async def test_a_read_succeeds_after_all_connections_were_dropped(
    postgresql_url: str, work: Work
) -> None:
    async with opened(postgresql_url, pool_size=5) as database:
        for _ in range(3):
            drop(postgresql_url, await pids(database, 5))
            await asyncio.gather(*(work(database) for _ in range(5)))


async def test_a_write_fails_at_most_once_after_all_connections_were_dropped(
    postgresql_url: str,
) -> None:
    async with opened(postgresql_url, pool_size=1) as database:
        drop(postgresql_url, await pids(database, 1))
        await expect_unavailable(write(database))
        await write(database)
        assert await count_events(database) == 1


async def test_a_write_succeeds_after_the_loss_was_noticed(postgresql_url: str) -> None:
    async with opened(postgresql_url, pool_size=3) as database:
        await asyncio.to_thread(drop, postgresql_url, await pids(database, 3))
        for connection, _ in database._pool._idle:
            while not connection.is_closed():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)
        await asyncio.gather(*(write(database) for _ in range(3)))
        assert await count_events(database) == 3


@STEPS
async def test_a_transaction_that_loses_its_connection_fails_and_is_rolled_back(
    postgresql_url: str, step: Step
) -> None:
    async def lose_it_in_the_middle(database: PostgresDatabase) -> None:
        async with database.transaction() as connection:
            await connection.execute(ADD, an_event())
            who = await connection.fetch_one(WHO, {})
            drop(postgresql_url, [who["pid"]] if who else [])
            await step(connection)

    async with opened(postgresql_url, pool_size=1) as database:
        await expect_unavailable(lose_it_in_the_middle(database))
        assert await count_events(database) == 0
        await write(database)
        assert await count_events(database) == 1
