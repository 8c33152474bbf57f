"""Expressions that each database writes in its own way."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    FunctionElement,
    Integer,
    Select,
    String,
    literal,
    literal_column,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from app.shared.infrastructure.database.column_types import ListOf
from app.shared.infrastructure.database.models import Timestamp


def _write(kind: type[FunctionElement[Any]], *, postgresql: str, sqlite: str) -> None:
    """Tell how each database writes it: what it is made of stands where the braces are."""

    def written_as(template: str) -> Callable[..., str]:
        def written(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> str:
            parts = (compiler.process(clause, **options) for clause in element.clauses)
            return template.format(*parts)

        return written

    compiles(kind, "postgresql")(written_as(postgresql))
    compiles(kind, "sqlite")(written_as(sqlite))


class database_time(FunctionElement[dt.datetime]):  # noqa: N801 - as below
    """The database's own clock, now or some seconds from now: the one that all processes share."""

    type = Timestamp
    inherit_cache = True

    def __init__(self, seconds: ColumnElement[float] | float = 0.0) -> None:
        super().__init__(seconds if isinstance(seconds, ColumnElement) else literal(seconds, Float))


_write(
    database_time,
    postgresql="statement_timestamp() + make_interval(secs => {})",
    # To the millisecond, written to the microsecond: text of one width sorts as time does.
    sqlite="strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {} || ' seconds')",
)


class after_the_same_wait(FunctionElement[dt.datetime]):  # noqa: N801 - as above
    """As long from now, by the database's clock, as one moment is after another."""

    type = Timestamp
    inherit_cache = True

    def __init__(self, end: ColumnElement[dt.datetime], begin: ColumnElement[dt.datetime]) -> None:
        super().__init__(end, begin)


_write(
    after_the_same_wait,
    postgresql="statement_timestamp() + ({} - {})",
    sqlite="strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', "
    "((julianday({}) - julianday({})) * 86400.0) || ' seconds')",
)


class array_has(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a list holds a value: one of `ListOf`, or a JSON array of strings."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, array: ColumnElement[Any], item: ColumnElement[Any]) -> None:
        kind: Any = array.type
        super().__init__(array, type_coerce(item, kind.item) if isinstance(kind, ListOf) else item)


@compiles(array_has, "postgresql")
def _in_array(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = element.clauses
    written, sought = (compiler.process(clause, **options) for clause in (array, item))
    if not isinstance(array.type, ListOf):
        return f"{written} ? CAST({sought} AS TEXT)"
    kind = compiler.dialect.type_compiler_instance.process(array.type)
    return f"{written} @> CAST(ARRAY[{sought}] AS {kind})"  # a GIN index finds it by this operator


@compiles(array_has, "sqlite")
def _in_json(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{item} IN (SELECT value FROM json_each({array}))"  # noqa: S608 - SQL of its own


class one_of(FunctionElement[bool]):  # noqa: N801 - as above
    """Whether a value is among the rows of a select, which is run once.

    PostgreSQL runs one behind IN again for each row, if by its statistics there is hardly any: with
    5,000 to delete that was 12 million looks.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, value: ColumnElement[Any], rows: Select[Any]) -> None:
        super().__init__(value, rows.scalar_subquery())

    def self_group(self, against: Any = None) -> "one_of":  # noqa: ARG002 - as SQLAlchemy calls it
        """Stand alone: SQLAlchemy writes `= 1` behind a Boolean, and SQLite then takes no index."""
        return self


_write(one_of, postgresql="{} = ANY (ARRAY{})", sqlite="{} IN {}")


class row_place(FunctionElement[Any]):  # noqa: N801 - as above
    """Where a row of the one table in question lies: the quickest way back to it.

    For one statement alone: a row that is changed lies elsewhere afterwards.
    """

    inherit_cache = True


_write(row_place, postgresql="ctid", sqlite="rowid")


class try_lock(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether the transaction got the lock of this name, which it then has until it ends.

    On SQLite always: whoever writes is alone anyway.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, name: ColumnElement[str]) -> None:
        super().__init__(name)


_write(
    try_lock,
    postgresql="pg_try_advisory_xact_lock(hashtextextended(CAST({} AS TEXT), 0))",
    sqlite="({} IS NOT NULL)",
)


class wait_lock(FunctionElement[Any]):  # noqa: N801 - as above
    """Wait for the lock of this name, and have it until the transaction ends.

    On SQLite there is nobody to wait for, as above.
    """

    inherit_cache = True

    def __init__(self, name: ColumnElement[str]) -> None:
        super().__init__(name)


_write(
    wait_lock,
    postgresql="pg_advisory_xact_lock(hashtextextended(CAST({} AS TEXT), 0))",
    sqlite="({} IS NOT NULL)",
)


class byte_length(FunctionElement[int]):  # noqa: N801 - as above
    """How many bytes a text has in UTF-8."""

    type = Integer()
    inherit_cache = True

    def __init__(self, text: ColumnElement[str]) -> None:
        super().__init__(text)


_write(byte_length, postgresql="octet_length({})", sqlite="length(CAST({} AS BLOB))")


class time_limit(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """Bound each statement of this transaction to so many seconds: select it first.

    SQLite has no such limit, and gives an empty answer.
    """

    type = String()
    inherit_cache = True

    def __init__(self, seconds: float) -> None:
        super().__init__(literal_column(str(int(seconds * 1000))))


_write(
    time_limit,
    postgresql="set_config('statement_timeout', '{}', true)",
    sqlite="substr('{}', 1, 0)",
)
