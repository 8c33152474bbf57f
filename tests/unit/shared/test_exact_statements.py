"""A statement that SQLite would compute differently is refused where it is written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    MetaData,
    Numeric,
    PickleType,
    Select,
    String,
    Table,
    Time,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from app.core.exceptions import CompositionError
from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf
from app.shared.infrastructure.database.exact_columns import refuse_inexact_columns
from app.shared.infrastructure.database.expressions import array_has, database_time
from app.shared.infrastructure.database.models import Timestamp
from app.shared.infrastructure.database.statement import Statement

thing = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("price", ExactDecimal(2)),
    Column("amount", ExactDecimal(3)),
    Column("length", Duration),
    Column("days", ListOf(Date())),
    Column("number", Integer),
    Column("at", Timestamp),
)
c = thing.c
SQLITE = SQLiteDialect()
SEEN = tuple_(bindparam("seen", type_=c.price.type), bindparam("id", type_=c.id.type))


@pytest.mark.parametrize(
    "expression",
    [
        c.price == bindparam("price"),
        c.price.between(Decimal(1), bindparam("most")),
        c.price.in_(bindparam("prices")),
        c.price.in_(select(c.price)),
        c.price.is_(None),
        c.price > Decimal("0.5"),
        c.price + 1,
        -c.price,
        c.price * c.amount,
        c.price * 2,
        c.number * c.price,
        c.price > select(func.max(c.price)).scalar_subquery(),
        c.length + c.length,
        c.at < database_time(),
        c.number / 2,
        tuple_(c.price, c.id) > SEEN,
        array_has(c.days, bindparam("day")),
        func.sum(c.price) > 1,
        func.sum(c.price * c.amount),
        func.sum(c.price).over(partition_by=c.number),
        func.count(c.price),
        func.coalesce(func.sum(c.price), literal(0, c.price.type)),
        func.abs(c.price, type_=c.price.type),
        func.lag(c.price, 1, type_=c.price.type),
        func.coalesce(c.number, 0),
        case((c.number == 1, c.price), else_=null()),
        case((c.number == 1, c.price)),
    ],
    ids=lambda expression: str(expression.compile(dialect=SQLITE)),
)
def test_an_exact_statement_is_accepted(expression: Any) -> None:
    Statement(select(expression))


def test_exact_writes_are_accepted() -> None:
    Statement(insert(thing))
    Statement(update(thing).values(price=c.price + bindparam("more")))


@pytest.mark.parametrize(
    "expression",
    [
        c.price == c.amount,
        c.price < c.number,
        c.number < c.price,
        c.price == c.length,
        c.price.in_(select(c.amount)),
        c.price.between(c.price, c.number),
        c.price.is_distinct_from(c.number),
        c.price + c.amount,
        c.price / 2,
        c.price // 2,
        c.price % 2,
        c.price * literal(1.5, Float),
        func.sum(c.price) / func.count(),
        func.sum(c.price * c.amount) > c.price,
        c.at + c.length,
        c.at - c.length,
        tuple_(c.price, c.id) > tuple_(c.amount, c.id),
        func.avg(c.price),
        func.abs(c.price),
        func.round(c.price, 1),
        func.lag(c.price, 1),
        func.max(c.price, c.amount),
        func.coalesce(c.price, 0),
        func.length(c.length),
        cast(c.price, Float),
        cast(c.price, ExactDecimal(3)),
        cast(c.number, ExactDecimal(2)),
        type_coerce(c.price, Integer),
        case((c.number == 1, c.price), else_=0),
    ],
    ids=lambda expression: str(expression.compile(dialect=SQLITE)),
)
def test_an_inexact_statement_is_refused(expression: Any) -> None:
    with pytest.raises(CompositionError, match="SQLite computes another number than PostgreSQL"):
        Statement(select(expression))


def test_the_refusal_names_the_combined_types() -> None:
    statement: Select[Any] = select(thing.c.id).where(c.price == c.amount)
    with pytest.raises(CompositionError) as refusal:
        Statement(statement)
    assert str(refusal.value) == (
        "thing.price = thing.amount: with ExactDecimal(2, digits=18) and "
        "ExactDecimal(3, digits=18), SQLite computes another number than PostgreSQL; "
        "use one type for all (type_= sets a function's), or compute it in Python"
    )


@pytest.mark.parametrize(
    "multiply",
    [lambda: c.price * 1.5, lambda: 1.5 * c.price],
    ids=["price * 1.5", "1.5 * price"],
)
def test_a_decimal_times_a_float_is_refused_with_a_sentence(multiply: Callable[[], Any]) -> None:
    with pytest.raises(CompositionError) as refusal:
        multiply()
    assert str(refusal.value) == (
        "a decimal times 1.5: only whole numbers and decimals are exact factors; "
        'write Decimal("1.5")'
    )


UNCONVERTED = "PostgreSQL's driver returns it as it is stored; use a plain type and convert it"


# --- Columns ------------------------------------------------------------------------------------


def table_with(kind: Any) -> Table:
    metadata = MetaData()
    refuse_inexact_columns(metadata, timestamp=Timestamp)
    return Table("thing", metadata, Column("id", Integer, primary_key=True), Column("value", kind))


@pytest.mark.parametrize(
    "kind",
    [
        ExactDecimal(2),
        Duration(),
        ListOf(Date()),
        ListOf(Timestamp),
        Timestamp,
        Date(),
        Time(),
        Uuid(),
        String(9),
        JSON(),
        Float(),
        Boolean(),
    ],
    ids=repr,
)
def test_a_table_accepts_an_exact_column(kind: Any) -> None:
    assert table_with(kind).c.value.type is kind


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Numeric(10, 2), "SQLite rounds it; use ExactDecimal(2) of column_types"),
        (ListOf(Numeric()), "SQLite rounds it; use ExactDecimal(2) of column_types"),
        (Interval(), "SQLite stores it as a date; use Duration() of column_types"),
        (DateTime(timezone=True), "SQLite drops its offset; use Timestamp of models"),
        (Time(timezone=True), "a time of the day has no offset on SQLite; use Time()"),
        (ARRAY(Integer), "SQLite has no arrays; use ListOf(…) of column_types"),
        (
            Enum("a", "b", name="letters"),
            UNCONVERTED,
        ),
        (
            PickleType(),
            UNCONVERTED,
        ),
    ],
    ids=repr,
)
def test_a_table_refuses_an_inexact_column(kind: Any, reason: str) -> None:
    with pytest.raises(CompositionError) as refusal:
        table_with(kind)
    assert str(refusal.value) == f"thing.value: {kind!r}: {reason}"


def test_foreign_tables_are_not_checked() -> None:
    Table("thing", MetaData(), Column("value", Numeric))


@pytest.mark.parametrize(("places", "digits"), [(-1, 9), (3, 2), (2, 19), (0, 0)])
def test_a_decimal_of_more_digits_than_sqlite_keeps_is_refused(places: int, digits: int) -> None:
    with pytest.raises(ValueError, match="18 digits at most"):
        ExactDecimal(places, digits=digits)
