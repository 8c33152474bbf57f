"""Errors go to logs, reports and deliveries.

None contains a row, whatever constraint it violates.
"""

import traceback
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

import pytest
from sqlalchemy import (
    Column,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    insert,
)

from app.core.exceptions import AppError
from app.shared.infrastructure.database.connection import Connection, Database, IntegrityViolation
from app.shared.infrastructure.database.models import metadata
from app.shared.infrastructure.database.statement import Statement
from tests.support.rows import CANARY, a_row, parents, written

for module in iter_modules(import_module("app.modules").__path__):
    import_module(f"app.modules.{module.name}.infrastructure.tables")
EVERY_TABLE = pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda t: t.name)

SAME: Final = object()
"""Stands for the value of the existing row."""


class Taken(Exception):
    """The row was accepted."""


async def add(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    await connection.execute(Statement(insert(table), columns=list(row)), row)


async def a_row_with_parents(connection: Connection, table: Table) -> dict[str, Any]:
    row = a_row(table)
    for column, target in parents(table):
        parent = await a_row_with_parents(connection, target.table)
        adding = Statement(
            insert(target.table).returning(target.label("key")), columns=list(parent)
        )
        added = await connection.fetch_one(adding, parent)
        assert added is not None
        row[column.name] = added["key"]
    return row


async def add_beside_a_sound_one(
    database: Database, table: Table, difference: dict[str, Any]
) -> None:
    async with database.transaction() as connection:
        sound = await a_row_with_parents(connection, table)
        await add(connection, table, sound)
        row = await a_row_with_parents(connection, table)
        await add(
            connection,
            table,
            row | {name: sound[name] if v is SAME else v for name, v in difference.items()},
        )
        raise Taken


async def refusal(database: Database, table: Table, difference: dict[str, Any]) -> Exception:
    """Return the error for a row that differs in this from an accepted one."""
    with pytest.raises(Exception) as failure:  # noqa: PT011 - each driver has its own kinds
        await add_beside_a_sound_one(database, table, difference)
    assert not isinstance(failure.value, AppError), difference
    return failure.value


def told(error: BaseException | None) -> str:
    """Everything of an error that a log, a report or a delivery could contain."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), str(error), repr(error), str(error.args)]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def of_kind(columns: Iterable[Column[Any]], kind: type[Any]) -> list[Column[Any]]:
    return [column for column in columns if isinstance(column.type, kind)]


@EVERY_TABLE
async def test_a_duplicate_row_is_not_quoted(database: Database, table: Table) -> None:
    its = {column.name for column in written(table)}
    rules: list[Any] = [
        rule
        for rule in table.constraints
        if isinstance(rule, PrimaryKeyConstraint | UniqueConstraint)
    ]
    # An index with a condition is left out: these rows need not meet it.
    whole = (index for index in table.indexes if index.dialect_options["sqlite"]["where"] is None)
    for rule in [*rules, *(index for index in whole if index.unique)]:
        names = [column.name for column in rule.columns]
        if its.issuperset(names):
            error = await refusal(database, table, dict.fromkeys(names, SAME))
            assert isinstance(error, IntegrityViolation)
            assert error.constraint == rule.name
            assert CANARY not in told(error)


@EVERY_TABLE
async def test_a_row_that_lacks_a_value_is_not_quoted(database: Database, table: Table) -> None:
    for column in written(table):
        if not column.nullable:
            error = await refusal(database, table, {column.name: None})
            assert CANARY not in told(error)


@EVERY_TABLE
async def test_a_row_that_refers_to_nothing_is_not_quoted(database: Database, table: Table) -> None:
    for column, _ in parents(table):
        nobody = a_row(table)[column.name]
        error = await refusal(database, table, {column.name: nobody})
        assert isinstance(error, IntegrityViolation)
        assert CANARY not in told(error)
        assert str(nobody) not in told(error)


@EVERY_TABLE
async def test_a_text_that_is_too_long_is_not_quoted(database: Database, table: Table) -> None:
    for column in of_kind(written(table), String):
        if too_long := CANARY * (getattr(column.type, "length", None) or 0):
            error = await refusal(database, table, {column.name: too_long})
            assert CANARY not in told(error)


class Unknown:
    """A value that no column accepts."""

    def __repr__(self) -> str:
        return CANARY


@EVERY_TABLE
async def test_a_value_of_another_type_is_not_quoted(database: Database, table: Table) -> None:
    for column in written(table):
        for wrong in (CANARY, Unknown()):
            error = await refusal(database, table, {column.name: wrong})
            assert CANARY not in told(error)


@EVERY_TABLE
async def test_a_number_that_is_too_large_is_not_quoted(database: Database, table: Table) -> None:
    for column in of_kind(written(table), SmallInteger):
        error = await refusal(database, table, {column.name: 10**30})
        assert str(10**30) not in told(error)
