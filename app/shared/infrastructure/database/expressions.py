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
    """Define how each database writes it: the parts replace the braces."""

    def written_as(template: str) -> Callable[..., str]:
        def written(element: FunctionElement[Any], compiler: SQLCompiler, **options: Any) -> str:
            parts = (compiler.process(clause, **options) for clause in element.clauses)
            return template.format(*parts)

        return written

    compiles(kind, "postgresql")(written_as(postgresql))
    compiles(kind, "sqlite")(written_as(sqlite))


class database_time(FunctionElement[dt.datetime]):  # noqa: N801 - as below
    """The database's own clock, now or some seconds from now: all processes share it."""

    type = Timestamp
    inherit_cache = True

    def __init__(self, seconds: ColumnElement[float] | float = 0.0) -> None:
        super().__init__(seconds if isinstance(seconds, ColumnElement) else literal(seconds, Float))


_write(
    database_time,
    postgresql="statement_timestamp() + make_interval(secs => {})",
    # To the millisecond, written with microseconds: text of one width sorts like its times.
    sqlite="strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {} || ' seconds')",
)


class after_the_same_wait(FunctionElement[dt.datetime]):  # noqa: N801 - as above
    """The time from now on, by the database's clock, that lies between two given times."""

    type = Timestamp
    inherit_cache = True

    def __init__(self, end: ColumnElement[dt.datetime], begin: ColumnElement[dt.datetime]) -> None:
        super().__init__(end, begin)


_write(
    after_the_same_wait,
    postgresql="statement_timestamp() + ({} - ({}))",
    sqlite="strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', "
    "((julianday({}) - julianday({})) * 86400.0) || ' seconds')",
)


class array_has(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a list contains a value: a `ListOf`, or a JSON array of strings."""

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
    return f"{written} @> CAST(ARRAY[{sought}] AS {kind})"  # a GIN index supports this operator


@compiles(array_has, "sqlite")
def _in_json(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{item} IN (SELECT value FROM json_each({array}))"  # noqa: S608 - SQL of its own


class one_of(FunctionElement[bool]):  # noqa: N801 - as above
    """Whether a value is among the rows of a select, which runs once.

    PostgreSQL runs a select behind IN again for each row, if its statistics expect hardly any. With
    5,000 rows to delete that was 12 million lookups.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, value: ColumnElement[Any], rows: Select[Any]) -> None:
        super().__init__(value, rows.scalar_subquery())

    def self_group(self, against: Any = None) -> "one_of":  # noqa: ARG002 - as SQLAlchemy calls it
        """Omit the `= 1` that SQLAlchemy adds to a Boolean: with it SQLite would use no index."""
        return self


_write(one_of, postgresql="{} = ANY (ARRAY{})", sqlite="{} IN {}")


class row_place(FunctionElement[Any]):  # noqa: N801 - as above
    """The physical place of a row of the statement's one table: the quickest way back to it.

    Only within one statement: a changed row has another place afterwards.
    """

    inherit_cache = True


_write(row_place, postgresql="ctid", sqlite="rowid")


class try_lock(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether the transaction got the lock of this name, which it then holds until it ends.

    On SQLite always, because a writer is alone.
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
    """Wait for the lock of this name, and hold it until the transaction ends.

    On SQLite there is nothing to wait for, as above.
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
    """The number of bytes of a text in UTF-8."""

    type = Integer()
    inherit_cache = True

    def __init__(self, text: ColumnElement[str]) -> None:
        super().__init__(text)


_write(byte_length, postgresql="octet_length({})", sqlite="length(CAST({} AS BLOB))")


class json_items(FunctionElement[Any]):  # noqa: N801 - as above
    """The items of an array in JSON, given as text, as rows: `json_items(…).table_valued("value")`.

    For many rows in one statement: sent one by one they take several times as long.
    """

    inherit_cache = True

    def __init__(self, array: ColumnElement[str]) -> None:
        super().__init__(array)


_write(
    json_items,
    postgresql="jsonb_array_elements(CAST({} AS JSONB))",
    sqlite="json_each({})",
)


class time_limit(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """Limit each statement of this transaction to a number of seconds: select it first.

    SQLite has no such limit, and returns an empty text.
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
