"""A migration changes the type of a column while connections have statements that use it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import bindparam, column, insert, select, table, update

from app.shared.infrastructure.database.connection import Connection, NothingCommitted
from app.shared.infrastructure.database.postgres import PostgresDatabase
from app.shared.infrastructure.database.postgres_connection import REMEMBERED
from app.shared.infrastructure.database.statement import Statement
from tests.integration.database.postgresql import expect_unavailable, opened

THING = table("thing", column("id"), column("name"), column("hits"))
FIND = Statement(select(THING).where(THING.c.id == bindparam("of")).with_for_update())
ALL = Statement(select(THING).order_by(THING.c.id))
ADD = Statement(insert(THING), columns=["id", "name", "hits"])
HIT = Statement(update(THING).where(THING.c.id == bindparam("of")).values(hits=THING.c.hits + 1))
COUNT_IN_SEQUENCE = Statement(
    insert(THING).values(name="counted", hits=0).returning(THING.c.id), columns=[]
)


@pytest.fixture
async def owner(postgresql_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The role that migrates."""
    owner = await asyncpg.connect(postgresql_url)
    await owner.execute("DROP TABLE IF EXISTS thing")
    await owner.execute(
        "CREATE TABLE thing (id serial PRIMARY KEY, name varchar(20), hits integer);"
        "INSERT INTO thing (id, name, hits) VALUES (1001, 'one', 0), (1002, 'two', 0)"
    )
    yield owner
    await owner.execute("DROP TABLE thing")
    await owner.close()


@pytest.fixture
async def database(
    postgresql_url: str, owner: asyncpg.Connection
) -> AsyncIterator[PostgresDatabase]:
    """A database whose connection has each statement prepared."""
    async with opened(postgresql_url, pool_size=1) as database:
        async with database.transaction() as connection:
            await connection.fetch_one(FIND, {"of": 1001})
            await connection.fetch_all(ALL, {})
            await connection.execute(HIT, {"of": 1001})
            await connection.fetch_one(COUNT_IN_SEQUENCE, {})
        yield database


async def widen(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "ALTER TABLE thing ALTER COLUMN name TYPE varchar(40), ALTER COLUMN hits TYPE bigint"
    )


async def hits(owner: asyncpg.Connection) -> list[int]:
    return [row["hits"] for row in await owner.fetch("SELECT hits FROM thing ORDER BY id")]


async def test_the_first_write_after_a_migration_succeeds(
    database: PostgresDatabase, owner: asyncpg.Connection
) -> None:
    await widen(owner)
    async with database.transaction() as connection:
        row = await connection.fetch_one(FIND, {"of": 1001})
        assert row is not None
        await connection.execute(HIT, {"of": 1001})
        await connection.commit()
    assert await hits(owner) == [1, 0]


async def test_earlier_writes_of_the_transaction_have_one_effect(
    database: PostgresDatabase, owner: asyncpg.Connection
) -> None:
    await widen(owner)
    async with database.transaction() as connection:
        await connection.execute(HIT, {"of": 1002})
        await connection.execute_many(ADD, [{"id": 1003, "name": "three", "hits": 7}])
        assert [row["hits"] for row in await connection.fetch_all(ALL, {})] == [0, 1, 7]
        await connection.commit()
    assert await hits(owner) == [0, 1, 7]


async def test_a_read_outside_a_transaction_succeeds(
    database: PostgresDatabase, owner: asyncpg.Connection
) -> None:
    await database.fetch_all(ALL, {})
    await widen(owner)
    assert len(await database.fetch_all(ALL, {})) == 2


async def test_a_different_result_in_the_second_run_rolls_back(
    database: PostgresDatabase, owner: asyncpg.Connection
) -> None:
    """The caller decided by the first result, which is no longer true."""

    async def count_and_read(connection: Connection) -> None:
        assert await connection.fetch_one(COUNT_IN_SEQUENCE, {}) is not None
        await connection.fetch_all(ALL, {})

    async def work() -> None:
        async with database.transaction() as connection:
            await count_and_read(connection)
            await connection.commit()

    await widen(owner)
    await expect_unavailable(work())
    assert await hits(owner) == [0, 0]
    await work()
    assert await hits(owner) == [0, 0, 0]


async def test_a_batch_is_not_kept_in_memory_for_a_second_run(
    database: PostgresDatabase, owner: asyncpg.Connection
) -> None:
    async def work() -> None:
        async with database.transaction() as connection:
            for _ in range(REMEMBERED + 1):
                await connection.execute(HIT, {"of": 1001})
            assert connection._done is None
            await connection.fetch_all(ALL, {})

    await widen(owner)
    await expect_unavailable(work())
    assert await hits(owner) == [0, 0]


async def test_a_failed_transaction_cannot_be_committed_by_a_second_run(
    database: PostgresDatabase, owner: asyncpg.Connection
) -> None:
    async def work() -> None:
        async with database.transaction() as connection:
            await connection.execute(HIT, {"of": 1001})
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(ADD, {"id": 1003, "name": "x" * 50, "hits": 0})
            await connection.commit()

    with pytest.raises(NothingCommitted):
        await work()
    assert await hits(owner) == [0, 0]
