"""A failure leaves nothing to the garbage collector: it would keep all objects of its request."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import make_url, text

from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.statement import Statement
from tests.integration.database.postgresql import (
    EVERYTHING,
    SLEEP,
    STEPS,
    Step,
    Work,
    opened,
    read,
)
from tests.integration.database.test_restarting_postgresql import WHO, drop
from tests.support.events import ADD, an_event
from tests.support.garbage import left_of, no_collector

WRONG = Statement(text("SELECT * FROM no_such_table"))

pytestmark = pytest.mark.usefixtures("clean_postgresql")


async def slow(database: PostgresDatabase) -> None:
    await database.fetch_one(SLEEP, {})


async def wrong(database: PostgresDatabase) -> None:
    await database.fetch_one(WRONG, {})


async def twice(database: PostgresDatabase) -> None:
    event = an_event()
    await database.execute(ADD, event)
    await database.execute(ADD, event)


async def without_a_free_connection(database: PostgresDatabase) -> None:
    async with database.transaction(), database.transaction():
        await read(database)


async def errors_left_by(failing: Callable[[], Awaitable[object]]) -> list[BaseException]:
    # Neither pytest.raises nor a variable: each keeps the error itself.
    has_failed = False
    with no_collector():
        try:
            await failing()
        except Exception:  # noqa: BLE001 - which one it is, other tests say
            has_failed = True
        await asyncio.sleep(0)  # the driver closes its connection
        left = left_of(BaseException)
    assert has_failed
    return left


@EVERYTHING
async def test_a_server_that_cannot_be_reached(postgresql_url: str, work: Work) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # and listens to nothing
        url = make_url(postgresql_url).set(port=probe.getsockname()[1])
        async with opened(url) as database:
            assert await errors_left_by(lambda: work(database)) == []


@pytest.mark.parametrize("work", [slow, wrong, twice, without_a_free_connection])
async def test_a_statement_that_fails(postgresql_url: str, work: Work) -> None:
    async with opened(postgresql_url) as database:
        assert await errors_left_by(lambda: work(database)) == []


@STEPS
async def test_a_transaction_that_loses_its_connection(postgresql_url: str, step: Step) -> None:
    async def lose_it_in_the_middle() -> None:
        async with database.transaction() as connection:
            who = await connection.fetch_one(WHO, {})
            drop(postgresql_url, [who["pid"]] if who else [])
            await step(connection)

    async with opened(postgresql_url, pool_size=1) as database:
        assert await errors_left_by(lose_it_in_the_middle) == []
