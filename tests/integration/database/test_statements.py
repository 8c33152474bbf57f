"""Statements: written once in SQLAlchemy, with the same values on every database."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Boolean, Integer, String, Uuid, bindparam, literal, select, union_all
from sqlalchemy.exc import StatementError
from sqlalchemy.types import TypeEngine

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.models import Json, Timestamp
from app.shared.infrastructure.database.statement import Statement

EAST, WEST = dt.timezone(dt.timedelta(hours=5, minutes=45)), dt.timezone(dt.timedelta(hours=-3))


def echo(kind: TypeEngine[Any]) -> Statement:
    """A statement that returns its parameter."""
    return Statement(select(bindparam("value", type_=kind).label("value")))


async def echoed(database: Database, kind: TypeEngine[Any], value: object) -> Any:
    row = await database.fetch_one(echo(kind), {"value": value})
    assert row is not None
    return row["value"]


def test_a_statement_is_compiled_once() -> None:
    query = echo(String())
    assert query.postgres is query.postgres


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Uuid(), UUID("01890a5d-ac96-774b-bcce-b302099a8057")),
        (Uuid(), UUID(int=0)),
        (String(), "'; DROP TABLE note; -- ção 🏗 \\ % _"),
        (Integer(), -(2**31)),
        (Boolean(), True),
        (Boolean(), False),
        (Timestamp, dt.datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=dt.UTC)),
        (Timestamp, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
        (Timestamp, dt.datetime(2200, 12, 31, 23, 59, 59, 1, tzinfo=dt.UTC)),
        (Json, {"a": [1, -2.5, "ção", None, True, {"b": []}], "": "'\"\\"}),
        (Json, []),
        (Json, "text"),
        (Uuid(), None),
        (Timestamp, None),
    ],
    ids=repr,
)
async def test_a_value_comes_back_as_it_was_sent(
    database: Database, kind: TypeEngine[Any], value: object
) -> None:
    answer = await echoed(database, kind, value)
    assert answer == value
    assert isinstance(answer, type(value))


async def test_none_in_a_column_of_json_is_null(database: Database) -> None:
    is_null = bindparam("value", type_=Json).is_(None)
    for value, expected in ((None, True), ([], False)):
        row = await database.fetch_one(Statement(select(is_null.label("it"))), {"value": value})
        assert row is not None
        assert bool(row["it"]) is expected


@pytest.mark.parametrize("zone", [dt.UTC, EAST, WEST])
async def test_a_moment_comes_back_in_utc_to_the_microsecond(
    database: Database, zone: dt.timezone
) -> None:
    moment = dt.datetime(2026, 1, 1, 0, 30, 0, 123_456, tzinfo=zone)

    answer = await echoed(database, Timestamp, moment)

    assert answer == moment
    assert answer.utcoffset() == dt.timedelta(0)


async def test_times_are_sorted_chronologically(database: Database) -> None:
    first = dt.datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=EAST)
    moments = [first + dt.timedelta(microseconds=n) for n in (10, 0, 999_999, 2)]
    moments.append(dt.datetime(2026, 1, 1, 7, 0, tzinfo=dt.UTC))  # after the others, as text before
    rows = union_all(*(select(literal(m, Timestamp).label("at")) for m in moments)).subquery()

    found = await database.fetch_all(Statement(select(rows.c.at).order_by(rows.c.at)), {})

    assert [row["at"] for row in found] == sorted(moments)


async def test_constants_are_part_of_the_statement(database: Database) -> None:
    moment = dt.datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=dt.UTC)
    query = Statement(
        select(
            literal("it's").label("text"),
            literal(moment, Timestamp).label("moment"),
            literal({"a": [1]}, Json).label("json"),
            (bindparam("number", type_=Integer()) + 1).label("sum"),
        ).limit(5)
    )

    row = await database.fetch_one(query, {"number": 41})

    assert dict(row or {}) == {"text": "it's", "moment": moment, "json": {"a": [1]}, "sum": 42}


async def test_one_parameter_may_occur_twice(database: Database) -> None:
    twice = bindparam("value", type_=String())
    query = Statement(select((twice + "-" + twice).label("value")))

    row = await database.fetch_one(query, {"value": "ha"})

    assert row is not None
    assert row["value"] == "ha-ha"


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(KeyError, match="value"):
        echo(String()).postgres.arguments({"other": 1})


async def test_a_missing_parameter_stops_the_statement(database: Database) -> None:
    with pytest.raises((KeyError, StatementError), match="value"):
        await database.fetch_one(echo(String()), {"other": 1})


async def test_a_value_of_the_wrong_kind_is_our_defect_and_no_outage(database: Database) -> None:
    with pytest.raises(Exception) as failure:  # noqa: PT011 - each driver has its own kind
        await echoed(database, Uuid(), "no uuid at all")
    assert type(failure.value).__name__ in {"DataError", "UnsuitableValue"}


async def test_without_a_row_the_result_is_none(database: Database) -> None:
    nothing = Statement(select(literal(1).label("one")).where(literal(1) == literal(2)))
    assert await database.fetch_one(nothing, {}) is None
    assert list(await database.fetch_all(nothing, {})) == []
