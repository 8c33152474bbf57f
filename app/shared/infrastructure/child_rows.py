"""Children of an aggregate in a table of their own, such as the lines of an invoice."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, Table, and_, bindparam, delete, insert, select, update

from app.shared.infrastructure.database.batches import execute_each
from app.shared.infrastructure.database.connection import Connection, Reads, Row
from app.shared.infrastructure.database.statement import Statement

Child = TypeVar("Child")
ChildRow = dict[str, Any]

POSITION: Final = "position"


class ChildRows(Generic[Child]):
    """How the children of a repository's aggregates are stored.

        class SqlInvoiceRepository(BaseRepository[Invoice]):
            table = invoice
            children = {
                "lines": ChildRows(invoice_line, to_row=asdict, to_child=lambda row: Line(**row))
            }

    `to_aggregate` then finds a list of lines in `row["lines"]`, and `save` stores `invoice.lines`.

    The table needs a foreign key to the aggregate's `id` with `ondelete="CASCADE"`, and an integer
    column `position`. This class writes both; `to_row` and `to_child` see the other columns. The
    primary key identifies a child. For values, which have no identity, it is the foreign key and
    `position`. Entities have their own `id`, so that removing the first one leaves the others
    unchanged.
    """

    def __init__(
        self,
        table: Table,
        *,
        to_row: Callable[[Child], Mapping[str, Any]],
        to_child: Callable[[Row], Child],
    ) -> None:
        """Raise TypeError if the table lacks a column or key."""
        self._to_row, self._to_child = to_row, to_child
        parent = _parent_column(table)
        columns = [column.name for column in table.columns]
        self._parent = parent.name
        self._key = [column.name for column in table.primary_key]
        self._has_identity = POSITION not in self._key
        self._own = [name for name in columns if name not in {self._parent, POSITION}]
        self._changing = [name for name in columns if name not in {*self._key, self._parent}]
        is_same = and_(*(table.c[name] == bindparam(f"row_{name}") for name in self._key))
        self._load = Statement(
            select(table)
            .where(parent.in_(bindparam("parents")))
            .order_by(parent, table.c[POSITION])
        )
        self._insert = Statement(insert(table), columns=columns)
        self._update = Statement(update(table).where(is_same), columns=self._changing)
        self._delete = Statement(delete(table).where(is_same))

    async def load(self, reads: Reads, parents: Iterable[UUID]) -> dict[UUID, list[ChildRow]]:
        """Return the rows of each aggregate, in their order."""
        found: dict[UUID, list[ChildRow]] = defaultdict(list)
        for row in await reads.fetch_all(self._load, {"parents": list(parents)}):
            found[row[self._parent]].append(dict(row))
        return found

    def children(self, rows: Iterable[Row]) -> list[Child]:
        return [self._to_child({name: row[name] for name in self._own}) for row in rows]

    async def save(
        self,
        connection: Connection,
        parent: UUID,
        children: Iterable[Child],
        stored: Sequence[ChildRow],
    ) -> list[ChildRow]:
        """Write the differences to the stored rows, and return the new rows.

        There is one statement each for removed, changed and new rows. Raises IntegrityViolation.
        """
        before = {self._key_of(row): row for row in stored}
        rows = self._rows(parent, children, before)
        after = {self._key_of(row): row for row in rows}
        gone = [key for key in before if key not in after]
        changed = [key for key in before if key in after and after[key] != before[key]]
        new = [row for key, row in after.items() if key not in before]
        await execute_each(connection, self._delete, [self._named(key) for key in gone])
        await execute_each(connection, self._update, [self._change(after[key]) for key in changed])
        await execute_each(connection, self._insert, new)
        return rows

    def _rows(
        self, parent: UUID, children: Iterable[Child], before: Mapping[Any, ChildRow]
    ) -> list[ChildRow]:
        """Return a row for each child. A child with an identity keeps its position if possible."""
        rows: dict[Any, ChildRow] = {}
        last = -1
        for child in children:
            row = {**self._to_row(child), self._parent: parent, POSITION: last + 1}
            key = self._key_of(row)
            if key in rows:
                message = f"two children have the same key {key}"
                raise ValueError(message)
            if self._has_identity and key in before:
                row[POSITION] = max(row[POSITION], before[key][POSITION])
            rows[key], last = row, row[POSITION]
        return list(rows.values())

    def _change(self, row: ChildRow) -> dict[str, Any]:
        return self._named(self._key_of(row)) | {name: row[name] for name in self._changing}

    def _key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in self._key)

    def _named(self, key: tuple[Any, ...]) -> dict[str, Any]:
        return {f"row_{name}": value for name, value in zip(self._key, key, strict=True)}


def _parent_column(table: Table) -> Column[Any]:
    parents = [key.parent for key in table.foreign_keys if key.ondelete == "CASCADE"]
    if len(parents) != 1 or POSITION not in table.columns:
        message = (
            f'{table.name}: child rows need one foreign key with ondelete="CASCADE" to the '
            f"aggregate's id, and an integer column {POSITION!r}"
        )
        raise TypeError(message)
    return parents[0]
