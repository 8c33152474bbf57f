"""Many rows at once: written together, or deleted in batches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, bindparam, delete, select

from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import one_of, row_place
from app.shared.infrastructure.database.statement import Statement

Condition = Callable[[Any], ColumnElement[bool]]


async def execute_each(
    connection: Connection, statement: Statement, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Run a write once for each row, together. Raises IntegrityViolation."""
    if len(rows) == 1:
        await connection.execute(statement, rows[0])
    elif rows:
        await connection.execute_many(statement, rows)


def delete_batch(table: Table, which: Condition, *order_by: str) -> Statement:
    """Return a statement that deletes at most `most` rows, in the order of columns if given.

    `which` is a condition on the table's columns, and is checked twice: a row that another
    transaction changes meanwhile is deleted only if the condition still holds.
    """
    found = table.alias("found")
    batch = (
        select(row_place())
        .select_from(found)
        .where(which(found.c))
        .order_by(*(found.c[name] for name in order_by))
        .limit(bindparam("most", type_=Integer))
    )
    return Statement(delete(table).where(one_of(row_place(), batch), which(table.c)))
