"""Which connections are lent, and which are closed."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from app.core import tracing
from app.core.admission import MOST_WAITING_FOR_CONNECTIONS
from app.core.context import WorkContext, current_work
from app.core.exceptions import Overloaded
from app.shared.infrastructure.database.pool import Pool, PoolClosed
from app.shared.infrastructure.database.postgres import PostgresDatabase
from tests.integration.database.postgresql import ONE, SLEEP, TIMEOUT, Work, opened, read
from tests.support.requests import request_at_hand
from tests.support.traces import traced

SIZE = 2


@pytest.fixture
async def pool(postgresql_url: str) -> AsyncIterator[Pool]:
    async with opened(postgresql_url, pool_size=SIZE) as database:
        yield database._pool


async def test_the_last_returned_connection_is_lent_first(pool: Pool) -> None:
    one, another = await pool.acquire(), await pool.acquire()
    pool.release(one)
    pool.release(another)
    assert await pool.acquire() is another
    assert await pool.acquire() is one
    pool.release(one)
    pool.release(another)


async def test_all_connections_are_lent_and_the_next_caller_waits(pool: Pool) -> None:
    one, another = await pool.acquire(), await pool.acquire()
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    pool.release(one)
    assert await waiting is one
    with pytest.raises(TimeoutError):
        await pool.acquire()
    pool.release(one)
    pool.release(another)


async def test_a_wait_for_a_connection_is_in_the_span_of_who_waited(pool: Pool) -> None:
    with (
        traced() as kept,
        request_at_hand() as work,
        tracing.attempt(work, "note.written", UUID(int=1), handler="note.read", number=1),
    ):
        one, another = await pool.acquire(), await pool.acquire()
        waiting = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0.01)
        pool.release(one)
        pool.release(await waiting)
        pool.release(another)
    [span] = kept.get_finished_spans()
    [event] = span.events
    assert event.name == "waited for a connection"
    assert event.attributes is not None
    assert float(str(event.attributes["db.client.connection.wait_time"])) >= 0.005


@pytest.mark.parametrize("is_request", [True, False])
async def test_no_request_begins_while_several_wait_for_a_connection(
    pool: Pool, *, is_request: bool
) -> None:
    lent = [await pool.acquire() for _ in range(SIZE)]
    with request_at_hand(is_gone=bool if is_request else None):
        waiting = [asyncio.create_task(pool.acquire()) for _ in range(MOST_WAITING_FOR_CONNECTIONS)]
    await asyncio.sleep(0)
    assert pool._admission.begins_now() is not is_request
    for connection in lent:
        pool.release(connection)
    for each in waiting:
        pool.release(await each)
    assert pool._admission.begins_now()


async def test_a_failed_connection_does_not_reduce_the_pool() -> None:
    async def refuse() -> asyncpg.Connection:
        raise ConnectionRefusedError

    pool = Pool(refuse, size=SIZE, timeout=TIMEOUT)
    for _ in range(SIZE + 1):
        with pytest.raises(ConnectionRefusedError):
            await pool.acquire()


async def test_a_long_idle_connection_is_replaced(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, another = await pool.acquire(), await pool.acquire()
    pool.release(one)
    pool.release(another)
    monkeypatch.setattr(Pool, "IDLE_SECONDS", -1)
    fresh = await pool.acquire()
    assert fresh not in {one, another}
    assert one.is_closed()
    assert another.is_closed()
    pool.release(fresh)


async def test_a_connection_in_a_transaction_is_not_lent_again(pool: Pool) -> None:
    connection = await pool.acquire()
    await connection.execute("BEGIN")
    pool.release(connection)
    assert connection.is_closed()
    other = await pool.acquire()
    assert not other.is_in_transaction()
    pool.release(other)


async def test_a_closed_pool_lends_nothing_and_leaves_nothing_open(pool: Pool) -> None:
    lent, idle = await pool.acquire(), await pool.acquire()
    pool.release(idle)
    await pool.close()
    assert lent.is_closed()
    assert idle.is_closed()
    with pytest.raises(PoolClosed):
        await pool.acquire()


# --- In the middle of something -----------------------------------------------------------------


async def in_a_transaction(database: PostgresDatabase) -> None:
    async with database.transaction() as connection:
        await connection.fetch_one(SLEEP, {})


async def alone(database: PostgresDatabase) -> None:
    await database.fetch_one(SLEEP, {})


@pytest.mark.parametrize("work", [in_a_transaction, alone])
@pytest.mark.parametrize("turns", range(16))  # while it connects, begins, sleeps
async def test_a_cancelled_caller_leaves_nothing_for_the_next_one(
    postgresql_url: str, work: Work, turns: int
) -> None:
    async with opened(postgresql_url, pool_size=1) as database:
        await read(database)
        begun = asyncio.ensure_future(work(database))
        for _ in range(turns):
            await asyncio.sleep(0)
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        await read(database)
        (connection, _) = database._pool._idle[-1]
        assert not connection.is_in_transaction()
        assert database._pool._lent == set()


async def test_the_connection_of_a_cancelled_read_is_not_lent_again(postgresql_url: str) -> None:
    async with opened(postgresql_url, pool_size=1) as database:
        await read(database)
        (connection, _) = database._pool._idle[-1]
        begun = asyncio.ensure_future(alone(database))
        await asyncio.sleep(0.01)
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        assert connection.is_closed()


async def test_a_caller_cancelled_during_its_rollback_returns_the_connection(
    postgresql_url: str,
) -> None:
    async with opened(postgresql_url, pool_size=1) as database:
        has_read = asyncio.Event()

        async def in_vain() -> None:
            async with database.transaction() as connection:
                await connection.fetch_one(ONE, {})
                has_read.set()

        begun = asyncio.ensure_future(in_vain())
        await has_read.wait()
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        assert database._pool._lent == set()
        await read(database)


@pytest.mark.parametrize("has_hung_up", [False, True])
async def test_a_request_waits_less_long_than_others_and_not_for_a_client_that_is_gone(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, *, has_hung_up: bool
) -> None:
    monkeypatch.setattr(Pool, "REQUEST_SECONDS", 60 if has_hung_up else 0.05)
    connections = [await pool.acquire() for _ in range(SIZE)]
    token = current_work.set(WorkContext(is_gone=lambda: has_hung_up))
    waiting = asyncio.create_task(pool.acquire())
    current_work.reset(token)
    await asyncio.sleep(0 if has_hung_up else 0.1)
    for connection in connections:
        pool.release(connection)
    with pytest.raises(Overloaded):
        await waiting
    for connection in [await pool.acquire() for _ in range(SIZE)]:  # all places are free
        pool.release(connection)
