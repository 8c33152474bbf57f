"""Storage of notes. Their table belongs to the tests: no migration creates it."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    select,
    tuple_,
)

from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.models import Json, Timestamp, metadata
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.owned_repository import OwnedRepository
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.modules.note.domain import TITLE_MAX_LENGTH, Colour, Note, NoteNotFound

schema = MetaData(naming_convention=metadata.naming_convention)
note = Table(
    "note",
    schema,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("updated_at", Timestamp, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("title", String(TITLE_MAX_LENGTH), nullable=False),
    Column("text", Text, nullable=False),
    Column("colour", String(20), nullable=False),
    Column("labels", Json, nullable=False),
    Column("due_at", Timestamp),
    Column("is_archived", Boolean, nullable=False),
    Index("ix_note_owner_id_created_at", "owner_id", "created_at", "id"),
)

_is_own = note.c.owner_id == bindparam("owner_id")
FORGET = Statement(delete(note).where(_is_own))
_position = tuple_(note.c.created_at, note.c.id)
_last = tuple_(
    bindparam("last_value", type_=note.c.created_at.type),
    bindparam("last_id", type_=note.c.id.type),
)
_newest_first = (note.c.created_at.desc(), note.c.id.desc())
_page = select(note).where(_is_own).order_by(*_newest_first).limit(bindparam("size"))
FIRST_PAGE = Statement(_page)
NEXT_PAGE = Statement(_page.where(_position < _last))


class SqlNoteRepository(OwnedRepository[Note]):
    table: ClassVar = note
    not_found: ClassVar = NoteNotFound

    async def page(self, owner_id: UUID, after: tuple[Any, UUID] | None, size: int) -> list[Note]:
        asked: dict[str, Any] = {"owner_id": owner_id, "size": size}
        if after is not None:
            asked["last_value"], asked["last_id"] = after
        rows = await self._connection.fetch_all(NEXT_PAGE if after else FIRST_PAGE, asked)
        return [self.to_aggregate(row) for row in rows]

    async def forget(self, owner_id: UUID) -> None:
        await self._connection.execute(FORGET, {"owner_id": owner_id})

    def to_row(self, aggregate: Note) -> dict[str, Any]:
        return {
            "owner_id": aggregate.owner_id,
            "title": aggregate.title,
            "text": aggregate.text,
            "colour": aggregate.colour.value,
            "labels": list(aggregate.labels),
            "due_at": aggregate.due_at,
            "is_archived": aggregate.is_archived,
        }

    def to_aggregate(self, row: Row) -> Note:
        return Note(
            **self.identity(row),
            owner_id=row["owner_id"],
            title=row["title"],
            text=row["text"],
            colour=Colour(row["colour"]),
            labels=tuple(row["labels"]),
            due_at=row["due_at"],
            is_archived=row["is_archived"],
        )


class SqlNoteUnitOfWork(SqlUnitOfWork):
    notes: SqlNoteRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.notes = SqlNoteRepository(connection, events)
