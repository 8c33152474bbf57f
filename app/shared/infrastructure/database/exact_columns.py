"""Refuses columns whose values the databases would not return unchanged."""

from typing import Any, Final

from sqlalchemy import ARRAY, DateTime, Float, Interval, MetaData, Numeric, Table, Time, event
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from app.core.exceptions import CompositionError
from app.shared.infrastructure.database.column_types import ListOf

_POSTGRES: Final[Dialect] = asyncpg_dialect()  # type: ignore[no-untyped-call]
_INSTEAD: Final[tuple[tuple[type[TypeEngine[Any]], str], ...]] = (
    (Numeric, "SQLite rounds it; use ExactDecimal(2) of column_types"),
    (Interval, "SQLite stores it as a date; use Duration() of column_types"),
    (DateTime, "SQLite drops its offset; use Timestamp of models"),
    (ARRAY, "SQLite has no arrays; use ListOf(…) of column_types"),
)


def refuse_inexact_columns(metadata: MetaData, *, timestamp: TypeEngine[Any]) -> None:
    """Make each table that is added from now on raise CompositionError for such a column.

    `timestamp` is the one allowed type of times.
    """

    def check(table: Table, owner: object) -> None:
        for column in table.columns if owner is metadata else ():
            if (reason := _why_inexact(column.type, timestamp)) is not None:
                raise CompositionError(f"{table.name}.{column.name}: {column.type!r}: {reason}")

    event.listen(Table, "after_parent_attach", check)


def _why_inexact(kind: TypeEngine[Any], timestamp: TypeEngine[Any]) -> str | None:
    if isinstance(kind, ListOf):
        return _why_inexact(kind.item, timestamp)
    if kind is timestamp or isinstance(kind, Float):
        return None
    for refused, reason in _INSTEAD:
        if isinstance(kind, refused):
            return reason
    if isinstance(kind, Time) and kind.timezone:
        return "a time of the day has no offset on SQLite; use Time()"
    if kind.dialect_impl(_POSTGRES).result_processor(_POSTGRES, None) is not None:
        return "PostgreSQL's driver returns it as it is stored; use a plain type and convert it"
    return None
