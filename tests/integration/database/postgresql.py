"""What the tests of PostgreSQL's failures share.

None of them measures time: each must end well before its time limit.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import URL, func, literal, make_url, select

from app.shared.infrastructure.database.connection import Connection, DatabaseUnavailable
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.statement import Statement
from tests.support.events import ADD, an_event

TIMEOUT = 0.3
LONG_ENOUGH = 10

ONE = Statement(select(literal(1).label("one")))
SLEEP = Statement(select(func.pg_sleep(60)))


@asynccontextmanager
async def opened(url: str | URL, *, pool_size: int = 2) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(make_url(url), pool_size=pool_size, timeout=TIMEOUT)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def read(database: PostgresDatabase) -> None:
    assert await database.fetch_one(ONE, {}) is not None


async def read_all(database: PostgresDatabase) -> None:
    assert len(await database.fetch_all(ONE, {})) == 1


async def write(database: PostgresDatabase) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, an_event())
        await connection.commit()


Work = Callable[[PostgresDatabase], Awaitable[None]]
EVERYTHING = pytest.mark.parametrize("work", [read, write])


async def insert(connection: Connection) -> None:
    await connection.execute(ADD, an_event())


async def insert_many(connection: Connection) -> None:
    await connection.execute_many(ADD, [an_event(), an_event()])


async def fetch(connection: Connection) -> None:
    await connection.fetch_one(ONE, {})


async def commit(connection: Connection) -> None:
    await connection.commit()


STEPS = pytest.mark.parametrize("step", [insert, insert_many, fetch, commit])
Step = Callable[[Connection], Awaitable[None]]


async def expect_unavailable(work: Awaitable[object]) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        with pytest.raises(DatabaseUnavailable):
            await work
