"""Columns give back what was put in, and sort, compare and add up alike on every database."""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    Table,
    Time,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
)

from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.statement import Statement, UnsuitableValue
from tests.support.tables import with_tables

schema = MetaData()
thing = Table(
    "thing",
    schema,
    Column("id", Integer, primary_key=True),
    Column("price", ExactDecimal(2)),
    Column("amount", ExactDecimal(3, digits=9)),
    Column("day", Date),
    Column("at", Time),
    Column("length", Duration),
    Column("days", ListOf(Date())),
    Column("prices", ListOf(ExactDecimal(2))),
)
COLUMNS: Final = [column.name for column in thing.columns]
ADD: Final = Statement(insert(thing), columns=COLUMNS)
CLEAR: Final = Statement(delete(thing))
ALL: Final = Statement(select(thing).order_by(thing.c.id))


@pytest.fixture
async def connection(database: Database, database_url: str) -> AsyncIterator[Connection]:
    async with with_tables(database, database_url, thing) as connection:
        yield connection


async def add(connection: Connection, *rows: dict[str, Any]) -> None:
    for number, row in enumerate(rows):
        await connection.execute(ADD, dict.fromkeys(COLUMNS) | {"id": number} | row)


async def ids(connection: Connection, statement: Any, **params: Any) -> list[int]:
    return [row["id"] for row in await connection.fetch_all(Statement(statement), params)]


# --- In and out ---------------------------------------------------------------------------------

rows = st.fixed_dictionaries(
    {
        "price": st.none() | st.decimals(-(10**16) + 1, 10**16 - 1, places=2),
        "amount": st.none() | st.decimals(-999_999, 999_999, places=3),
        "day": st.none() | st.dates(),
        "at": st.none() | st.times(),
        "length": st.none()
        | st.timedeltas(dt.timedelta(days=-90_000_000), dt.timedelta(days=90_000_000)),
        "days": st.none() | st.lists(st.dates(), max_size=3),
        "prices": st.none()
        | st.lists(st.decimals(-(10**16) + 1, 10**16 - 1, places=2), max_size=3),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=rows)
async def test_every_value_comes_back_as_it_was(connection: Connection, row: Any) -> None:
    await connection.execute(CLEAR, {})
    await add(connection, row)
    [found] = await connection.fetch_all(ALL, {})
    assert dict(found) == {"id": 0} | row
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in ({"id": 0} | row).items()
    }


async def test_a_decimal_comes_back_with_all_its_decimals(connection: Connection) -> None:
    numbers = ["1234567890123456.78", "5", "0", "-0", "1E+3", "0.10"]
    await add(connection, *({"price": Decimal(number)} for number in numbers))
    found = [str(row["price"]) for row in await connection.fetch_all(ALL, {})]
    assert found == ["1234567890123456.78", "5.00", "0.00", "0.00", "1000.00", "0.10"]


# --- Compared, sorted, added up -----------------------------------------------------------------

# Small numbers, so that some are equal, and some differ in the last digit alone.
NUMBERS: Final = st.decimals(-20, 20, places=2) | st.decimals(10**15, 10**15 + 1, places=2)
SAMPLES: Final = {
    "price": NUMBERS,
    "day": st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 9)) | st.dates(),
    "at": st.times(),
    "length": st.timedeltas(dt.timedelta(days=-3), dt.timedelta(days=400)),
}
lists = st.sampled_from(sorted(SAMPLES)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(SAMPLES[name], min_size=1, max_size=12))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named=lists)
async def test_values_sort_and_compare_as_in_python(
    connection: Connection, named: tuple[str, list[Any]]
) -> None:
    name, values = named
    column, bound = thing.c[name], values[0]
    await connection.execute(CLEAR, {})
    await add(connection, *({name: value} for value in values))

    in_order = [number for _, number in sorted((value, n) for n, value in enumerate(values))]
    assert await ids(connection, select(thing.c.id).order_by(column, thing.c.id)) == in_order
    below = select(thing.c.id).where(column < bindparam("bound")).order_by(thing.c.id)
    found = await ids(connection, below, bound=bound)
    assert found == [number for number, value in enumerate(values) if value < bound]
    same = select(thing.c.id).where(column == bound).order_by(thing.c.id)
    assert await ids(connection, same) == [n for n, value in enumerate(values) if value == bound]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named=lists)
async def test_pages_by_position_have_each_row_once_where_values_are_equal(
    connection: Connection, named: tuple[str, list[Any]]
) -> None:
    name, values = named
    values += values[:3]
    column = thing.c[name]
    await connection.execute(CLEAR, {})
    await add(connection, *({name: value} for value in values))
    position = tuple_(
        bindparam("value", type_=column.type), bindparam("last_id", type_=thing.c.id.type)
    )
    page = Statement(
        select(thing.c.id, column.label("value"))
        .where(tuple_(column, thing.c.id) > position)
        .order_by(column, thing.c.id)
        .limit(2)
    )
    first = Statement(
        select(thing.c.id, column.label("value")).order_by(column, thing.c.id).limit(2)
    )

    rows, seen = await connection.fetch_all(first, {}), list[int]()
    while rows:
        seen += [row["id"] for row in rows]
        last = {"value": rows[-1]["value"], "last_id": rows[-1]["id"]}
        rows = await connection.fetch_all(page, last)
    assert seen == [number for _, number in sorted((value, n) for n, value in enumerate(values))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prices=st.lists(NUMBERS, min_size=1, max_size=8))
async def test_sums_and_products_are_exact(connection: Connection, prices: list[Decimal]) -> None:
    await connection.execute(CLEAR, {})
    prices = [price for price in prices if abs(price) < 10**9] or [Decimal("0.01")]
    await add(connection, *({"price": price, "amount": Decimal("1.125")} for price in prices))
    c = thing.c
    computed = Statement(
        select(
            func.sum(c.price).label("sum"),
            func.max(c.price).label("max"),
            func.sum(c.price * c.amount).label("product"),
            func.sum(c.price * 3).label("triple"),
            func.sum(Decimal("1.19") * c.price).label("gross"),
            func.sum(c.price + Decimal("0.01")).label("more"),
            func.sum(-c.price).label("negative"),
        )
    )
    [found] = await connection.fetch_all(computed, {})
    total, count = sum(prices, Decimal("0.00")), len(prices)
    assert {name: str(value + 0) for name, value in found.items()} == {
        "sum": str(total),
        "max": str(max(prices) + 0),
        "product": str(total * Decimal("1.125") + 0),
        "triple": str(total * 3),
        "gross": str(total * Decimal("1.19") + 0),
        "more": str(total + count * Decimal("0.01")),
        "negative": str(-total),
    }


async def test_durations_add_up(connection: Connection) -> None:
    lengths = [dt.timedelta(days=40, microseconds=1), dt.timedelta(hours=-30)]
    await add(connection, *({"length": length} for length in lengths))
    [found] = await connection.fetch_all(
        Statement(select(func.sum(thing.c.length).label("sum"))), {}
    )
    assert found["sum"] == sum(lengths, dt.timedelta())


# --- What does not fit --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", Decimal("0.001")),
        ("price", Decimal("1." + "0" * 40 + "1")),
        ("price", Decimal(10**16)),
        ("price", Decimal("1E+1000000")),
        ("price", Decimal("1E-1000000")),
        ("price", Decimal("NaN")),
        ("price", Decimal("sNaN")),
        ("price", Decimal("Infinity")),
        ("price", 1.5),
        ("price", "1.50"),
        ("amount", Decimal(10**6)),
        ("length", dt.timedelta.max),
        ("length", 90),
        ("prices", [Decimal("0.001")]),
    ],
    ids=str,
)
async def test_a_value_that_does_not_fit_is_refused_and_not_rounded(
    connection: Connection, name: str, value: Any
) -> None:
    with pytest.raises(UnsuitableValue) as refusal:
        await add(connection, {name: value})
    assert str(value) not in str(refusal.value)
