"""PostgreSQL unreachable, silent, slow or full: an error soon, and nothing left behind."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from sqlalchemy import func, make_url, select
from structlog.testing import capture_logs

from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.postgres_errors import translated
from app.shared.infrastructure.database.statement import Statement
from tests.integration.database.postgresql import (
    EVERYTHING,
    LONG_ENOUGH,
    SLEEP,
    TIMEOUT,
    Step,
    Work,
    commit,
    expect_unavailable,
    insert,
    opened,
    read,
    write,
)
from tests.support.cable import Cable
from tests.support.events import ADD, an_event, count_events

pytestmark = pytest.mark.usefixtures("clean_postgresql")


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[PostgresDatabase]:
    """A database with two connections and short time limits."""
    async with opened(postgresql_url) as database:
        yield database


# --- No server ----------------------------------------------------------------------------------


@EVERYTHING
async def test_a_server_that_cannot_be_reached_is_unavailable(
    postgresql_url: str, work: Work
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # and listens to nothing
        url = make_url(postgresql_url).set(port=probe.getsockname()[1])
        async with opened(url) as database:
            await expect_unavailable(work(database))


@EVERYTHING
async def test_a_silent_server_is_unavailable(postgresql_url: str, work: Work) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = make_url(postgresql_url).set(port=silent.getsockname()[1])
        async with opened(url) as database:
            await expect_unavailable(work(database))


async def test_a_closed_pool_is_unavailable(postgresql_url: str) -> None:
    async with opened(postgresql_url) as database:
        await read(database)
    await expect_unavailable(read(database))
    await expect_unavailable(write(database))


async def test_a_database_that_was_never_opened_can_be_closed(postgresql_url: str) -> None:
    await PostgresDatabase(make_url(postgresql_url), pool_size=1, timeout=TIMEOUT).close()


# --- A slow server ------------------------------------------------------------------------------


async def sleep(database: PostgresDatabase) -> None:
    await database.fetch_all(SLEEP, {})


async def sleep_in_a_transaction(database: PostgresDatabase) -> None:
    async with database.transaction() as connection:
        await connection.fetch_one(SLEEP, {})


@pytest.mark.parametrize("work", [sleep, sleep_in_a_transaction])
async def test_a_slow_statement_is_cancelled_and_the_pool_continues(
    database: PostgresDatabase, work: Work
) -> None:
    for _ in range(2):  # as often as there are connections
        await expect_unavailable(work(database))
    await write(database)
    assert await count_events(database) == 1


async def test_a_wait_for_a_lock_is_limited(
    database: PostgresDatabase,
) -> None:
    event = an_event()
    async with database.transaction() as first:
        await first.execute(ADD, event)
        await expect_unavailable(_write_same(database, event))
        await first.commit()
    assert await count_events(database) == 1


async def _write_same(database: PostgresDatabase, event: dict[str, object]) -> None:
    async with database.transaction() as connection:
        await connection.execute(ADD, event)


# --- A full pool --------------------------------------------------------------------------------


@EVERYTHING
async def test_a_pool_without_a_free_connection_is_unavailable_until_one_is_free(
    database: PostgresDatabase, work: Work
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(database.transaction())
        await expect_unavailable(work(database))
    await work(database)


# --- A network that goes silent -----------------------------------------------------------------


@EVERYTHING
async def test_a_silent_network_is_unavailable_until_it_recovers(
    postgresql_url: str, work: Work
) -> None:
    cable = Cable(postgresql_url)
    async with cable.plugged_in() as url, opened(url, pool_size=1) as database:
        await work(database)
        cable.cut()
        await expect_unavailable(work(database))
        cable.mend()
        await work(database)


@pytest.mark.parametrize("step", [insert, commit])
async def test_a_transaction_on_a_silent_network_fails_and_is_rolled_back(
    postgresql_url: str, step: Step
) -> None:
    cable = Cable(postgresql_url)

    async def lose_it_in_the_middle(database: PostgresDatabase) -> None:
        async with database.transaction() as connection:
            await connection.execute(ADD, an_event())
            cable.cut()
            await step(connection)

    async with cable.plugged_in() as url, opened(url, pool_size=1) as database:
        await expect_unavailable(lose_it_in_the_middle(database))
        cable.mend()
        assert await count_events(database) == 0
        await write(database)
        assert await count_events(database) == 1


async def test_a_cancelled_transaction_does_not_wait_for_a_silent_network(
    postgresql_url: str,
) -> None:
    cable = Cable(postgresql_url)

    async def give_up_in_the_middle(database: PostgresDatabase) -> None:
        async with asyncio.timeout(0.2), database.transaction() as connection:
            await connection.execute(ADD, an_event())
            cable.cut()
            await connection.execute(ADD, an_event())

    async with cable.plugged_in() as url:
        database = PostgresDatabase(url, pool_size=1, timeout=60)
        work = asyncio.create_task(give_up_in_the_middle(database))
        await asyncio.wait([work], timeout=LONG_ENOUGH)
        assert isinstance(work.exception(), TimeoutError)
        cable.mend()
        await write(database)
        await database.close()


async def test_closing_does_not_wait_for_ever_for_a_lent_connection(
    postgresql_url: str,
) -> None:
    cable = Cable(postgresql_url)
    async with (
        cable.plugged_in() as url,
        opened(url) as database,
        database.transaction(),
        asyncio.timeout(LONG_ENOUGH),
    ):
        cable.cut()
        await database.close()


# --- Which errors mean what ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.DiskFullError("no space left on device"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        asyncpg.SerializationError("could not serialize access"),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_temporary_error_is_an_outage(error: Exception) -> None:
    assert isinstance(translated(error), Unavailable)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DataError("invalid input"),
        asyncpg.UndefinedTableError("no such relation"),
        asyncpg.PostgresSyntaxError("syntax error"),
        ValueError("anything else"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_permanent_error_is_not_an_outage(error: Exception) -> None:
    assert translated(error) is error


async def test_statements_are_logged_if_configured_and_values_never(
    postgresql_url: str,
) -> None:
    url = make_url(postgresql_url)
    database = PostgresDatabase(url, pool_size=1, timeout=TIMEOUT, echo=True)
    await database.open()
    with capture_logs() as lines:
        async with database.transaction() as connection:
            await connection.execute(ADD, an_event(event_type="test.secret"))
        await database.close()
    statements = [line["sql"] for line in lines]
    assert [sql.split()[0] for sql in statements] == ["BEGIN", "INSERT", "ROLLBACK"]
    assert "secret" not in str(lines)


async def test_the_server_cancels_a_statement_that_no_caller_waits_for(
    database: PostgresDatabase,
) -> None:
    names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone"]
    settings = Statement(select(*(func.current_setting(name).label(name) for name in names)))

    row = await database.fetch_one(settings, {})

    assert row is not None
    assert [row[name] for name in names] == ["300ms", "150ms", "600ms", "UTC"]
