"""A list of any length is one parameter of one statement."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, String, Table, Uuid, bindparam, insert, select, tuple_

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.column_types import Duration, ExactDecimal
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.models import Timestamp
from app.shared.infrastructure.database.statement import Statement
from tests.integration.rows.tables import schema, thing
from tests.support.requests import request_at_hand
from tests.support.statements import recorded

ADD = Statement(insert(thing), columns=[column.name for column in thing.columns])
OWNER = new_id()


@pytest.fixture
async def ids(database: Database) -> list[Any]:
    """The ids of five rows, in the order of their ranks."""
    found = [new_id() for _ in range(5)]
    empty = {"owner_id": OWNER, "kind": None, "due_at": None}
    rows = [{"id": id, "rank": rank, **empty} for rank, id in enumerate(found)]
    async with database.transaction() as connection:
        await connection.execute_many(ADD, rows)
        await connection.commit()
    return found


AMONG = Statement(
    select(thing.c.rank).where(thing.c.id.in_(bindparam("ids"))).order_by(thing.c.rank)
)
NOT_AMONG = Statement(
    select(thing.c.rank).where(thing.c.id.not_in(bindparam("ids"))).order_by(thing.c.rank)
)


async def ranks(database: Database, statement: Statement, ids: list[Any]) -> list[int]:
    return [row["rank"] for row in await database.fetch_all(statement, {"ids": ids})]


async def test_the_rows_of_a_list_of_ids_are_found(database: Database, ids: list[Any]) -> None:
    assert await ranks(database, AMONG, [ids[3], new_id(), ids[1]]) == [1, 3]
    assert await ranks(database, AMONG, []) == []
    assert await ranks(database, AMONG, ids + [new_id() for _ in range(40_000)]) == [0, 1, 2, 3, 4]


async def test_the_rows_outside_a_list_of_ids_are_found(database: Database, ids: list[Any]) -> None:
    assert await ranks(database, NOT_AMONG, [ids[3], ids[1]]) == [0, 2, 4]
    assert await ranks(database, NOT_AMONG, []) == [0, 1, 2, 3, 4]


async def test_the_text_is_the_same_for_any_length(database: Database, ids: list[Any]) -> None:
    async with recorded(database) as statements:
        for length in (0, 1, 5):
            with request_at_hand(request_id="request-0001"):
                await ranks(database, AMONG, ids[:length])
        assert len(await statements.in_all()) == 3
        assert len(set(await statements.in_all())) == 1


async def test_a_list_of_ids_uses_the_index(database: Database) -> None:
    sql = AMONG.postgres.sql
    assert "= ANY ($1::UUID[])" in sql


VALUES = Table(
    "values_of_each_type",
    schema,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", String(20)),
    Column("at", Timestamp),
    Column("day", Date),
    Column("price", ExactDecimal(2)),
    Column("took", Duration()),
    Column("owner_id", Uuid),
)
NOON = dt.datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=dt.UTC)
ROW: dict[str, Any] = {
    "id": 7,
    "text": 'it\'s "ção" \\ 1',
    "at": NOON,
    "day": dt.date(2026, 2, 28),
    "price": Decimal("1234567890123456.78"),
    "took": dt.timedelta(days=3, microseconds=1),
    "owner_id": OWNER,
}
OTHER: dict[str, Any] = {
    "id": 8,
    "text": "1",
    "at": NOON + dt.timedelta(microseconds=1),
    "day": dt.date(2026, 3, 1),
    "price": Decimal("1234567890123456.79"),
    "took": dt.timedelta(days=3),
    "owner_id": new_id(),
}


@pytest.mark.parametrize("name", list(ROW))
async def test_a_list_may_hold_values_of_any_type(database: Database, name: str) -> None:
    async with database.transaction() as connection:
        for row in (ROW, OTHER):
            await connection.execute(Statement(insert(VALUES), columns=list(row)), row)
        await connection.commit()
    column = VALUES.c[name]
    given = Statement(select(VALUES.c.id).where(column.in_(bindparam("items"))))
    constant = Statement(select(VALUES.c.id).where(column.in_([ROW[name]])))
    found = await database.fetch_all(given, {"items": [ROW[name]]})
    assert [row["id"] for row in found] == [7]
    assert [row["id"] for row in await database.fetch_all(constant, {})] == [7]


async def test_a_list_of_tuples_is_refused_with_an_alternative(database: Database) -> None:
    pairs = tuple_(thing.c.id, thing.c.rank).in_(bindparam("pairs"))
    with pytest.raises(TypeError, match="'pairs' has no fixed text: use or_"):
        await database.fetch_all(
            Statement(select(thing.c.id).where(pairs)), {"pairs": [(OWNER, 1)]}
        )
