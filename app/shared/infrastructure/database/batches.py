"""Many rows at once: written together, or deleted in batches."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Table, bindparam, delete, insert, select

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


SIZES: Final = (32, 16, 8, 4, 2, 1)


class RowsInsert:
    """Inserts any number of rows, up to 32 by one statement.

    Each of six sizes has its own statement: PostgreSQL prepares few, and gets few.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        computed: Callable[[str], Mapping[str, Any]],
    ) -> None:
        """`columns` are set from the values of a row. `computed` returns the others' expressions;
        it gets what stands after the name of each parameter of that row.
        """
        self._table, self._columns, self._computed = table, columns, computed
        self._of_size = cache(self._statement)

    async def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows in their order. Raises IntegrityViolation."""
        first = 0
        while first < len(rows):
            size = next(size for size in SIZES if size <= len(rows) - first)
            values = {
                f"{name}{n}": value
                for n, row in enumerate(rows[first : first + size])
                for name, value in row.items()
            }
            await connection.execute(self._of_size(size), values)
            first += size

    def _statement(self, size: int) -> Statement:
        rows = [
            {
                **{
                    name: bindparam(f"{name}{n}", type_=self._table.c[name].type)
                    for name in self._columns
                },
                **self._computed(str(n)),
            }
            for n in range(size)
        ]
        return Statement(insert(self._table).values(rows))


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
