"""Columns return stored values, and sort, compare and add them equally on every database."""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    Table,
    Text,
    Time,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.types import TypeEngine

from app.core.cursors import Cursors
from app.shared.application.dto import PageRequest
from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import array_has
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.models import Timestamp
from app.shared.infrastructure.database.statement import Statement, UnsuitableValue
from tests.support.tables import with_tables

schema = MetaData()
TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "price": ExactDecimal(2),
    "amount": ExactDecimal(3, digits=9),
    "day": Date(),
    "at": Time(),
    "length": Duration(),
    "moment": Timestamp,
    "key": Uuid(),
    "text": Text(),
    "number": Integer(),
}
thing = Table(
    "thing",
    schema,
    Column("id", Integer, primary_key=True),
    *(Column(name, kind) for name, kind in TYPES.items()),
    *(Column(f"{name}_list", ListOf(kind)) for name, kind in TYPES.items()),
)
# The examples of a test share its transaction, and each begins with an empty table.
a_few = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

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

VALUES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "price": st.decimals(-(10**16) + 1, 10**16 - 1, places=2),
    "amount": st.decimals(-999_999, 999_999, places=3),
    "day": st.dates(),
    "at": st.times(),
    "length": st.timedeltas(dt.timedelta(days=-90_000_000), dt.timedelta(days=90_000_000)),
    "moment": st.datetimes(dt.datetime(1970, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    "key": st.uuids(),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=9),
    "number": st.integers(-(2**31), 2**31 - 1),
}
rows = st.fixed_dictionaries(
    {name: st.none() | values for name, values in VALUES.items()}
    | {f"{name}_list": st.none() | st.lists(values, max_size=3) for name, values in VALUES.items()}
)


@a_few
@given(row=rows)
async def test_every_value_comes_back_as_it_was(connection: Connection, row: Any) -> None:
    await connection.execute(CLEAR, {})
    await add(connection, row)
    [found] = await connection.fetch_all(ALL, {})
    assert dict(found) == {"id": 0} | row
    for name, value in row.items():
        expected = UUID if isinstance(value, UUID) else type(value)  # asyncpg has its own
        assert isinstance(found[name], expected)


async def test_a_decimal_comes_back_with_all_its_decimals(connection: Connection) -> None:
    numbers = ["1234567890123456.78", "5", "0", "-0", "1E+3", "0.10"]
    await add(connection, *({"price": Decimal(number)} for number in numbers))
    found = [str(row["price"]) for row in await connection.fetch_all(ALL, {})]
    assert found == ["1234567890123456.78", "5.00", "0.00", "0.00", "1000.00", "0.10"]


# --- Compared, sorted, added up -----------------------------------------------------------------

# Small numbers, so that some are equal, and some differ only in the last digit.
NUMBERS: Final = st.decimals(-20, 20, places=2) | st.decimals(10**15, 10**15 + 1, places=2)
SAMPLES: Final = {
    "price": NUMBERS,
    "day": st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 9)) | st.dates(),
    "at": st.times(),
    "length": st.timedeltas(dt.timedelta(days=-3), dt.timedelta(days=400)),
    "moment": VALUES["moment"],
}
lists = st.sampled_from(sorted(SAMPLES)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(SAMPLES[name], min_size=1, max_size=12))
)


@a_few
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


LISTS: Final = {
    name: KeysetList(
        "things",
        select(thing.c.id, thing.c[name]),
        unique=thing.c.id,
        sorts={"": [thing.c[name]], "by": [thing.c[name]]},
        filters={"most": thing.c[name] <= bindparam("most")},
        view=lambda row: row["id"],
    )
    for name in SAMPLES
}
CURSORS: Final = Cursors("a secret for tests only, and long enough")


@a_few
@given(named=lists, sort=st.sampled_from(["by", "-by"]), is_filtered=st.booleans())
async def test_pages_have_each_row_once_where_values_are_equal(
    connection: Connection, named: tuple[str, list[Any]], sort: str, *, is_filtered: bool
) -> None:
    name, values = named
    most = max(values) if is_filtered else None
    values += values[:3]
    await connection.execute(CLEAR, {})
    await add(connection, *({name: value} for value in values))

    cursor, seen = None, list[int]()
    while cursor or not seen:
        request = PageRequest(sort=sort, limit=2, cursor=cursor)
        page = await LISTS[name].page(connection, CURSORS, request, {}, {"most": most})
        seen += page.items
        cursor = page.next_cursor
    in_order = sorted((value, number) for number, value in enumerate(values))
    in_order = in_order[::-1] if sort == "-by" else in_order
    assert seen == [number for _, number in in_order]


@a_few
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


# --- Lists --------------------------------------------------------------------------------------


@a_few
@given(data=st.data())
async def test_rows_are_found_by_a_value_of_a_list_and_by_a_list_of_values(
    connection: Connection, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(VALUES)))
    values = data.draw(st.lists(VALUES[name], max_size=4))
    item = data.draw(st.sampled_from(values) | VALUES[name] if values else VALUES[name])
    await connection.execute(CLEAR, {})
    await add(connection, {f"{name}_list": values}, {name: item})
    has = select(thing.c.id).where(array_has(thing.c[f"{name}_list"], bindparam("item")))
    assert await ids(connection, has, item=item) == ([0] if item in values else [])
    among = select(thing.c.id).where(thing.c[name].in_(bindparam("values")))
    assert await ids(connection, among, values=values) == ([1] if item in values else [])


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
        ("price_list", [Decimal("0.001")]),
    ],
    ids=str,
)
async def test_a_value_that_does_not_fit_is_refused_and_not_rounded(
    connection: Connection, name: str, value: Any
) -> None:
    with pytest.raises(UnsuitableValue) as refusal:
        await add(connection, {name: value})
    assert str(value) not in str(refusal.value)
