"""Tests the reader of plans: it counts the rows that a statement reads and discards."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Executable, Integer, bindparam, column, delete, select, table

from app.shared.infrastructure.database.statement import Statement
from tests.support.plans import Reading, explain, reading

_thing = table("thing", column("id", Integer), column("kind", Integer), column("name"))
_of_kind = _thing.c.kind == bindparam("kind")
_by_id = select(_thing.c.name).order_by(_thing.c.id).limit(5)


@pytest.fixture
async def connection(postgresql_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A thousand rows of ten kinds; there is no index for the kind."""
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("""
        CREATE TEMPORARY TABLE thing (id integer PRIMARY KEY, kind integer, name text);
        INSERT INTO thing SELECT n, n % 10, 'a thing' FROM generate_series(1, 1000) AS n;
        ANALYZE thing
    """)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(_thing.c.name).where(_thing.c.id == bindparam("id")), (1, 1, False)),
        (select(_thing.c.name).where(_of_kind), (1000, 100, True)),
        (_by_id, (5, 5, False)),
        (_by_id.where(_of_kind), (47, 5, False)),
        (delete(_thing).where(_thing.c.id <= bindparam("id")), (7, 7, False)),
        (delete(_thing).where(_of_kind), (1000, 100, True)),
        (delete(_thing).where(_of_kind).returning(_thing.c.id), (1000, 100, True)),
    ],
    ids=[
        "by key",
        "no index",
        "page",
        "page past others",
        "change",
        "change all",
        "answer changed",
    ],
)
async def test_read_rows_and_returned_rows_are_counted_separately(
    connection: asyncpg.Connection,
    statement: Executable,
    expected: tuple[int, int, bool],
) -> None:
    read, found, is_through = expected
    told = Reading({"thing": read}, found, frozenset({"thing"} if is_through else ()))
    for plan in await explain(connection, Statement(statement), {"id": 7, "kind": 7}):
        assert reading(plan) == told


async def test_an_explained_write_is_rolled_back(connection: asyncpg.Connection) -> None:
    await explain(connection, Statement(delete(_thing)), {})
    assert await connection.fetchval("SELECT count(*) FROM thing") == 1000
