"""Statements as constants: written in SQLAlchemy, compiled once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import JSON, Executable, Insert, SelectBase, Table, UpdateBase
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from app.core.http import strict_json
from app.shared.infrastructure.database.exactness import require_exact
from app.shared.infrastructure.database.list_parameters import PostgresCompiler

_POSTGRES: Dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]
_POSTGRES.statement_compiler = PostgresCompiler


class UnsuitableValue(Exception):
    """A value does not match the type of its column. The value is not quoted: errors go to logs."""

    def __init__(self, error: BaseException | None) -> None:
        super().__init__(f"a value does not match its type ({type(error).__name__})")


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """A statement in the driver's form: text with `$1`, `$2`… and how to fill them."""

    sql: str
    # For each place: the parameter's name, its constant value, whether it has one, its converter.
    _places: tuple[tuple[str, Any, bool, Callable[[Any], Any] | None], ...]

    def arguments(self, params: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order of their places.

        Raises KeyError if one is missing, UnsuitableValue if one has a wrong type.
        """
        try:
            return [
                constant
                if is_constant
                else params[name]
                if convert is None
                else convert(params[name])
                for name, constant, is_constant, convert in self._places
            ]
        except KeyError:
            raise
        except Exception as error:  # noqa: BLE001 - of SQLAlchemy's types, each has its own
            unsuitable = UnsuitableValue(error)
        # raised outside of `except`, whose error quotes the value and would be its context
        raise unsuitable


class Statement:
    """A statement with named parameters, a constant of a repository's file.

        FIND = Statement(select(invoice).where(invoice.c.id == bindparam("id")))

    `columns` are the columns that an insert or an update sets, each from the parameter of its name.
    A list is one parameter of any length: `invoice.c.id.in_(bindparam("ids"))`. On PostgreSQL it
    becomes a prepared statement of the driver; on SQLite SQLAlchemy runs it. A search has a shorter
    time limit, because clients decide how long it takes. Raises CompositionError for a statement
    that the databases would compute differently.
    """

    def __init__(
        self,
        statement: Executable,
        *,
        columns: Sequence[str] | None = None,
        is_search: bool = False,
    ) -> None:
        require_exact(statement)
        if isinstance(statement, Insert) and not statement.returning_column_descriptions:
            statement = statement.inline()  # else it would return a key that nobody reads
        self.executable, self.is_search = statement, is_search
        self._columns = columns

    @cached_property
    def summary(self) -> str:
        """What it does with which tables, such as `SELECT event_log`: its name in traces."""
        return summary_of(self.executable)

    @cached_property
    def postgres(self) -> CompiledStatement:
        """The statement for asyncpg, compiled at its first use."""
        compiled = self.executable.compile(  # type: ignore[attr-defined]
            dialect=_POSTGRES, column_keys=self._columns
        )
        return CompiledStatement(
            str(compiled), tuple(_place(compiled, name) for name in compiled.positiontup or ())
        )


def summary_of(executable: Executable) -> str:
    """Return what a statement does with which tables; nothing of a text, which may hold values."""
    if not isinstance(executable, SelectBase | UpdateBase):
        return "SQL"
    verb = executable.__visit_name__.partition("_")[0].upper()
    found = visitors.iterate(executable)
    tables = dict.fromkeys(each.name for each in found if isinstance(each, Table))
    return " ".join([verb, *tables])


def _place(compiled: SQLCompiler, name: str) -> tuple[str, Any, bool, Callable[[Any], Any] | None]:
    parameter = compiled.binds[name]
    kind = parameter.type.dialect_impl(_POSTGRES)
    # SQLAlchemy's own JSON takes longer, and accepts what is no JSON, such as NaN.
    convert = _json_or_null if isinstance(kind, JSON) else kind.bind_processor(_POSTGRES)
    if parameter.required:
        return name, None, False, convert
    value = parameter.effective_value
    return name, value if convert is None else convert(value), True, convert


def json_text(value: Any) -> str:
    """Return the value as JSON columns store it."""
    return strict_json.encode(value, has_times=True).decode()


def _json_or_null(value: Any) -> str | None:
    return None if value is None else json_text(value)
