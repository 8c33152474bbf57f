"""The base repository: statements that follow from the table, built once."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar, get_args
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update

from app.core.exceptions import AppError, ConcurrentUpdate, NotFound, StaleVersion
from app.shared.domain.base_entity import AggregateRoot
from app.shared.infrastructure.child_rows import ChildRow, ChildRows
from app.shared.infrastructure.database.connection import Connection, IntegrityViolation, Row
from app.shared.infrastructure.database.row_mapping import RowMapping
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector

Aggregate = TypeVar("Aggregate", bound=AggregateRoot)
Written = TypeVar("Written")

_IDENTITY: Final = ("id", "version", "created_at", "updated_at")


class BaseRepository(Generic[Aggregate]):
    """Stores aggregates of one kind in one table, and their children in tables of their own.

    A module names the tables and adds its own reads. Fields and columns have the same names (see
    RowMapping); where that does not fit, it writes its own `to_row` and `to_aggregate`.
    """

    table: ClassVar[Table]
    children: ClassVar[Mapping[str, ChildRows[Any]]] = {}
    """The child tables, by the field of the aggregate that holds the children."""
    constraints: ClassVar[Mapping[str, type[AppError]]] = {}
    """The error that a violated constraint of the tables means."""

    not_found: ClassVar[type[AppError]] = NotFound
    """The error that says that there is no such aggregate."""

    _MAPPING: ClassVar[RowMapping[Any]]
    _GET: ClassVar[Statement]
    _INSERT: ClassVar[Statement]
    _UPDATE: ClassVar[Statement]
    _DELETE: ClassVar[Statement]

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "table"):
            return  # a class that repositories derive from
        table = cls.table
        if cls.to_row is BaseRepository.to_row:
            cls._MAPPING = cls._mapping()
        is_seen_version = (table.c.id == bindparam("row_id")) & (
            table.c.version == bindparam("seen_version")
        )
        columns = [column.name for column in table.columns]
        changing = [name for name in columns if name not in {"id", "created_at"}]
        cls._GET = Statement(select(table).where(table.c.id == bindparam("id")))
        cls._INSERT = Statement(insert(table), columns=columns)
        cls._UPDATE = Statement(update(table).where(is_seen_version), columns=changing)
        cls._DELETE = Statement(delete(table).where(is_seen_version))

    def __init__(self, connection: Connection, events: EventCollector) -> None:
        self._connection = connection
        self._events = events
        # The stored rows of the aggregates that were loaded or saved here, to write only what
        # changed.
        self._stored: dict[tuple[str, UUID], list[ChildRow]] = {}

    @classmethod
    def _mapping(cls) -> RowMapping[Any]:
        """Return how the fields are columns. Raises TypeError unless each has the other."""
        (base,) = cls.__orig_bases__  # type: ignore[attr-defined]  # each generic class has it
        (kind,) = get_args(base)
        mapping = RowMapping(kind, without={*_IDENTITY, *cls.children})
        if alone := mapping.columns.symmetric_difference(cls.table.c.keys()).difference(_IDENTITY):
            message = (
                f"{cls.__name__}: the table {cls.table.name!r} and the fields of {kind.__name__} "
                f"do not both have {', '.join(sorted(alone))}; give the other one a field or a "
                "column, or write to_row and to_aggregate"
            )
            raise TypeError(message)
        return mapping

    def to_row(self, aggregate: Aggregate) -> dict[str, Any]:
        """Return the values of the table's columns, without those that every aggregate has."""
        return self._MAPPING.to_row(aggregate)

    def to_aggregate(self, row: Row) -> Aggregate:
        """Return the aggregate of the row."""
        children = {name: row[name] for name in self.children}
        aggregate: Aggregate = self._MAPPING.of_row(row, **self.identity(row), **children)
        return aggregate

    @staticmethod
    def identity(row: Row) -> dict[str, Any]:
        """Return the fields that every aggregate has, for its constructor."""
        return {name: row[name] for name in _IDENTITY}

    async def get(self, id: UUID, /) -> Aggregate | None:
        """Return the aggregate, or None."""
        return await self._find(self._GET, id=id)

    async def save(self, aggregate: Aggregate, /) -> None:
        """Store the aggregate with its next version, and collect its events.

        Raises ConcurrentUpdate if another transaction saved it since it was read, or the error that
        `constraints` names for a violated constraint.
        """
        seen = aggregate.version
        row = {
            **self.to_row(aggregate),
            "version": seen + 1,
            "updated_at": aggregate.updated_at,
        }
        if seen == 0:
            row |= {"id": aggregate.id, "created_at": aggregate.created_at}
            await self._write(self._INSERT, row)
        else:
            row |= {"row_id": aggregate.id, "seen_version": seen}
            await self._write(self._UPDATE, row)
        if self.children:
            await self._save_children(aggregate)
        aggregate.version = seen + 1  # not before: a refused aggregate keeps its old version
        self._events.collect(aggregate)

    async def delete(self, aggregate: Aggregate, /) -> None:
        """Delete the aggregate, and collect its events. Raises as `save` does."""
        await self._write(self._DELETE, {"row_id": aggregate.id, "seen_version": aggregate.version})
        aggregate.version += 1
        self._events.collect(aggregate)

    async def _find(self, statement: Statement, **params: Any) -> Aggregate | None:
        """Return the aggregate of the first row, or None; children take one more statement."""
        row = await self._connection.fetch_one(statement, params)
        if row is None:
            return None
        if self.children:
            (row,) = await self._with_children([row])
        return self.to_aggregate(row)

    def _checked(self, found: Aggregate | None, *, version: int | None) -> Aggregate:
        """Return what was found.

        Raises `not_found` for None, and StaleVersion if the client saw another version.
        """
        if found is None:
            raise self.not_found
        if version not in {None, found.version}:
            raise StaleVersion
        return found

    async def _find_all(self, statement: Statement, **params: Any) -> list[Aggregate]:
        """Return the aggregates of all rows; the children of all take one more statement."""
        rows = await self._connection.fetch_all(statement, params)
        if self.children and rows:
            rows = await self._with_children(rows)
        return [self.to_aggregate(row) for row in rows]

    async def _with_children(self, rows: Sequence[Row]) -> Sequence[Row]:
        found = [dict(row) for row in rows]
        for name, children in self.children.items():
            stored = await children.load(self._connection, [row["id"] for row in found])
            for row in found:
                row[name] = children.children(stored[row["id"]])
                self._stored[name, row["id"]] = stored[row["id"]]
        return found

    async def _save_children(self, aggregate: Aggregate) -> None:
        """Write the changes of the children. The aggregate's version was checked before."""
        for name, children in self.children.items():
            stored = self._stored.get((name, aggregate.id)) if aggregate.version else []
            if stored is None:  # it was loaded by another repository
                stored = (await children.load(self._connection, [aggregate.id]))[aggregate.id]
            now = getattr(aggregate, name)
            self._stored[name, aggregate.id] = await self._with_meaning(
                children.save(self._connection, aggregate.id, now, stored)
            )

    async def _write(self, statement: Statement, row: dict[str, Any]) -> None:
        if await self._with_meaning(self._connection.execute(statement, row)) != 1:
            raise ConcurrentUpdate

    async def _with_meaning(self, write: Awaitable[Written]) -> Written:
        """Return what a write returns. Raises the error of the rule that it breaks."""
        try:
            return await write
        except IntegrityViolation as violation:
            error = self.constraints.get(violation.constraint)
            if error is None:
                raise
            raise error() from violation
