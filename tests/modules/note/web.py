"""Notes over HTTP. The controller does what a use case would do."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import bindparam, select

from app.core.cursors import Cursors, InvalidCursor
from app.core.http.bodies import KIB
from app.core.http.parameters import CurrentActor, IfMatch
from app.core.http.routing import API, ApiRouter
from app.core.http.schema_types import (
    Body,
    Choice,
    Flag,
    Id,
    Length,
    Line,
    Text,
    Timestamp,
)
from app.core.security import scope
from app.shared.application.base_usecase import Clock
from app.shared.application.dto import BaseResponse, CursorPage
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.presentation.pages import PageParameters
from tests.modules.note.domain import (
    TEXT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    Colour,
    Note,
    NoteAlreadyArchived,
    NoteNotArchived,
    NoteNotFound,
)
from tests.modules.note.storage import SqlNoteUnitOfWork
from tests.modules.note.storage import note as note_table

Title = Annotated[Line, Length(1, TITLE_MAX_LENGTH), Field(examples=["Lay the foundation"])]
LongText = Annotated[Text, Length(0, TEXT_MAX_LENGTH)]
Labels = Annotated[list[Annotated[Line, Length(1, 50)]], Field(max_length=20)]


class NoteDraft(Body):
    title: Title
    text: LongText = ""
    colour: Annotated[Colour, Choice] = Colour.WHITE
    labels: Labels = Field(default_factory=list)
    due_at: Timestamp | None = None


class NotePatch(Body):
    title: Title = Field(default_factory=str)
    text: LongText = Field(default_factory=str)
    colour: Annotated[Colour, Choice] = Field(default_factory=lambda: Colour.WHITE)
    labels: Labels = Field(default_factory=list)
    due_at: Timestamp | None = Field(default_factory=lambda: None)


class NoteListParameters(PageParameters):
    q: Annotated[Title | None, Field(description="The whole title.")] = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
    with_total: Flag = False


@dataclass
class NoteView(BaseResponse):
    """A note as its owner sees it."""

    owner_id: UUID
    title: str
    text: str
    colour: Colour
    labels: list[str]
    due_at: dt.datetime | None
    is_archived: bool

    @classmethod
    def of(cls, note: Note) -> "NoteView":
        shown = {name: getattr(note, name) for name in cls.__dataclass_fields__}
        return cls(**{**shown, "labels": list(note.labels)})


NOTES: Final = KeysetList(
    "notes",
    select(note_table).where(note_table.c.owner_id == bindparam("owner_id")),
    unique=note_table.c.id,
    sorts={"created_at": [note_table.c.created_at]},
    filters={"q": note_table.c.title == bindparam("q")},
    view=lambda row: NoteView(**{**row, "colour": Colour(row["colour"])}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteController:
    uow: Callable[[], SqlNoteUnitOfWork]
    database: Database
    cursors: Cursors
    clock: Clock

    async def create(self, actor: CurrentActor, body: NoteDraft) -> NoteView:
        """Write a note."""
        fields = {**dict(body), "labels": tuple(body.labels)}
        note = Note.write(owner_id=actor.user_id, now=self.clock.now(), **fields)
        async with self.uow() as uow:
            await uow.notes.save(note)
            await uow.commit()
        return NoteView.of(note)

    async def get(self, note_id: Id, actor: CurrentActor) -> NoteView:
        """Get a note of your own."""
        async with self.uow() as uow:
            return NoteView.of(await uow.notes.get_for(actor.user_id, note_id, version=None))

    async def list(
        self, actor: CurrentActor, query: Annotated[NoteListParameters, Query()]
    ) -> CursorPage[NoteView]:
        """List your notes, the newest first unless `sort` says otherwise."""
        owner, filters = {"owner_id": actor.user_id}, {"q": query.q}
        return await NOTES.page(self.database, self.cursors, query.page(), owner, filters)

    async def revise(
        self, note_id: Id, actor: CurrentActor, version: IfMatch, body: NotePatch
    ) -> NoteView:
        """Revise a note of your own."""
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        if "labels" in changes:
            changes["labels"] = tuple(changes["labels"])
        return await self._change(
            actor, note_id, version, lambda note, now: note.revise(changes, now=now)
        )

    async def archive(self, note_id: Id, actor: CurrentActor, version: IfMatch) -> NoteView:
        """Archive a note of your own."""
        return await self._change(actor, note_id, version, lambda note, now: note.archive(now=now))

    async def take_back(self, note_id: Id, actor: CurrentActor) -> NoteView:
        """Restore a note from the archive."""
        return await self._change(actor, note_id, None, lambda note, now: note.take_back(now=now))

    async def delete(self, note_id: Id, actor: CurrentActor, version: IfMatch) -> None:
        """Delete a note of your own, for good."""
        async with self.uow() as uow:
            await uow.notes.delete(await uow.notes.get_for(actor.user_id, note_id, version=version))
            await uow.commit()

    async def _change(
        self,
        actor: CurrentActor,
        note_id: UUID,
        version: int | None,
        change: Callable[[Note, dt.datetime], None],
    ) -> NoteView:
        async with self.uow() as uow:
            note = await uow.notes.get_for(actor.user_id, note_id, version=version)
            change(note, self.clock.now())
            await uow.notes.save(note)
            await uow.commit()
        return NoteView.of(note)


def note_routes(notes: NoteController) -> ApiRouter:
    router = ApiRouter(f"{API}/notes", tags=["notes"], description="What is written down.")
    read, write, absent = scope("note:read"), scope("note:write"), [NoteNotFound]
    # The longest text, with each character written as `\\ud83d\\ude00`.
    long: dict[str, Any] = {"access": write, "body_limit": 128 * KIB}
    router.post("", notes.create, **long, status_code=201, created_at=f"{API}/notes/{{id}}")
    router.get("", notes.list, access=read, raises=[InvalidCursor])
    router.get("/{note_id}", notes.get, access=read, raises=absent)
    router.patch("/{note_id}", notes.revise, **long, raises=absent)
    router.delete("/{note_id}", notes.delete, access=write, status_code=204, raises=absent)
    archive = [*absent, NoteAlreadyArchived]
    router.post("/{note_id}/archive", notes.archive, access=write, raises=archive)
    take_back = [*absent, NoteNotArchived]
    router.post("/{note_id}/take-back", notes.take_back, access=write, raises=take_back)
    return router
