"""Rows of any table, created from its columns."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Time,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf

CANARY: Final = "c4n4ry"
"""The beginning of each text of a row."""


def a_row(table: Table) -> dict[str, Any]:
    """A unique row, which the table accepts if the rows that it refers to exist."""
    return {column.name: _of_type(column.type) for column in written(table)}


def written(table: Table) -> list[Column[Any]]:
    """The columns that the database does not generate."""
    return [column for column in table.columns if column.identity is None]


def parents(table: Table) -> list[tuple[Column[Any], Column[Any]]]:
    """The foreign keys: the column, and the one that it refers to."""
    return [(key.parent, key.column) for key in table.foreign_keys]


def _of_type(kind: TypeEngine[Any]) -> Any:
    for kinds, make in _MAKERS:
        if isinstance(kind, kinds):
            return make(kind)
    message = f"no value is known for {kind!r}"
    raise TypeError(message)


def _text(kind: Any = None) -> str:
    return f"{CANARY}-{uuid4()}"[: getattr(kind, "length", None)]


_MAKERS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (Uuid, lambda _: uuid4()),
    (String, _text),  # Text is one too
    (LargeBinary, lambda _: _text().encode()),
    (JSON, lambda _: {"text": _text()}),
    (DateTime, lambda _: dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)),
    (Date, lambda _: dt.date(2026, 1, 31)),
    (Time, lambda _: dt.time(9, 30)),
    (Duration, lambda _: dt.timedelta(minutes=90)),
    (ExactDecimal, lambda kind: Decimal(uuid4().int % 10**kind.digits).scaleb(-kind.places)),
    (ListOf, lambda kind: [_of_type(kind.item)]),
    (Boolean, lambda _: True),
    ((Integer, Float), lambda _: uuid4().int % 10_000),
)
