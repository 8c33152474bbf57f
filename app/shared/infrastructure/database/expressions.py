"""Expressions that each database writes in its own way."""

import datetime as dt
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, FunctionElement, Select, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from app.shared.infrastructure.database.models import Timestamp


class database_time(FunctionElement[dt.datetime]):  # noqa: N801 - as below
    """The database's own clock, now or some seconds from now: the one that all processes share."""

    type = Timestamp
    inherit_cache = True

    def __init__(self, seconds: ColumnElement[float] | float = 0.0) -> None:
        super().__init__(seconds if isinstance(seconds, ColumnElement) else literal(seconds, Float))


@compiles(database_time, "postgresql")
def _time_on_postgresql(element: database_time, compiler: SQLCompiler, **options: Any) -> str:
    (seconds,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"statement_timestamp() + make_interval(secs => {seconds})"


@compiles(database_time, "sqlite")
def _time_on_sqlite(element: database_time, compiler: SQLCompiler, **options: Any) -> str:
    (seconds,) = (compiler.process(clause, **options) for clause in element.clauses)
    # To the millisecond, written to the microsecond: text of one width sorts as time does.
    return f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {seconds} || ' seconds')"


class array_has(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a JSON array of strings holds a string."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, array: ColumnElement[Any], item: ColumnElement[str]) -> None:
        super().__init__(array, item)


@compiles(array_has, "postgresql")
def _on_postgresql(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{array} ? CAST({item} AS TEXT)"


@compiles(array_has, "sqlite")
def _on_sqlite(element: array_has, compiler: SQLCompiler, **options: Any) -> str:
    array, item = (compiler.process(clause, **options) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({array}) WHERE json_each.value = {item})"  # noqa: S608 - both are compiled


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


@compiles(one_of, "postgresql")
def _one_of_on_postgresql(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    value, rows = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{value} = ANY (ARRAY{rows})"


@compiles(one_of, "sqlite")
def _one_of_on_sqlite(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    value, rows = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{value} IN {rows}"


class try_lock(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function that it is
    """Whether the transaction got the lock of this name, which it then has until it ends.

    On SQLite always: whoever writes is alone anyway.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, name: ColumnElement[str]) -> None:
        super().__init__(name)


@compiles(try_lock, "postgresql")
def _lock_on_postgresql(element: try_lock, compiler: SQLCompiler, **options: Any) -> str:
    (name,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"pg_try_advisory_xact_lock(hashtextextended(CAST({name} AS TEXT), 0))"


@compiles(try_lock, "sqlite")
def _lock_on_sqlite(element: try_lock, compiler: SQLCompiler, **options: Any) -> str:
    (name,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({name} IS NOT NULL)"
