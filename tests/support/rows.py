"""Rows of any table, made from its columns alone."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
)

CANARY: Final = "c4n4ry"
"""What each text of a row begins with."""


def a_row(table: Table) -> dict[str, Any]:
    """A row like no other, that the table takes if what it refers to is there."""
    return {column.name: _value(column) for column in written(table)}


def written(table: Table) -> list[Column[Any]]:
    """The columns that the database does not count up by itself."""
    return [column for column in table.columns if column.identity is None]


def parents(table: Table) -> list[tuple[Column[Any], Column[Any]]]:
    """What refers to other tables: the column, and the one that it refers to."""
    return [(key.parent, key.column) for key in table.foreign_keys]


def _value(column: Column[Any]) -> Any:
    for kinds, make in _MAKERS:
        if isinstance(column.type, kinds):
            return make(column.type)
    message = f"no value is known for {column.type!r}"
    raise TypeError(message)


def _text(kind: Any = None) -> str:
    return f"{CANARY}-{uuid4()}"[: getattr(kind, "length", None)]


_MAKERS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (Uuid, lambda _: uuid4()),
    (String, _text),  # Text is one too
    (LargeBinary, lambda _: _text().encode()),
    (JSON, lambda _: {"text": _text()}),
    (DateTime, lambda _: dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)),
    (Boolean, lambda _: True),
    ((Integer, Float), lambda _: uuid4().int % 10_000),
)
