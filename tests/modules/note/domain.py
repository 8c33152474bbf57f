"""The note, its events and its rules."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from app.core.exceptions import Conflict, Invalid, NotFound
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import DomainEvent

TITLE_MAX_LENGTH: Final = 200
TEXT_MAX_LENGTH: Final = 10_000


class Colour(StrEnum):
    WHITE = "white"
    YELLOW = "yellow"


class NoteNotFound(NotFound):
    """The note does not exist or is another user's: the answer does not show which."""

    code = "note_not_found"
    message = "There is no such note."


class NoteAlreadyArchived(Conflict):
    """A note can be archived once."""

    code = "note_already_archived"
    message = "The note is archived already."


class NoteNotArchived(Conflict):
    """Only an archived note can be restored."""

    code = "note_not_archived"
    message = "The note is not archived."


@dataclass(frozen=True, slots=True)
class NoteWritten(DomainEvent):
    """A note was written."""

    type: ClassVar = "note.written"

    note_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class NoteArchived(DomainEvent):
    """A note was archived and cannot be changed."""

    type: ClassVar = "note.archived"

    note_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class NoteTakenBack(DomainEvent):
    """A note was restored and can be changed."""

    type: ClassVar = "note.taken_back"

    note_id: UUID
    owner_id: UUID


EVENTS: Final = (NoteWritten, NoteArchived, NoteTakenBack)


@dataclass(eq=False, kw_only=True, slots=True)
class Note(AggregateRoot):
    aggregate_type: ClassVar = "note"

    owner_id: UUID
    title: str
    text: str = ""
    colour: Colour = Colour.WHITE
    labels: tuple[str, ...] = ()
    due_at: dt.datetime | None = None
    is_archived: bool = False

    def __post_init__(self) -> None:
        self._refuse_what_is_not_valid()

    @classmethod
    def write(cls, *, owner_id: UUID, now: dt.datetime, **fields: Any) -> "Note":
        note = cls(owner_id=owner_id, created_at=now, updated_at=now, **fields)
        note.record(NoteWritten(note.id, owner_id))
        return note

    def revise(self, changes: dict[str, Any], *, now: dt.datetime) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        self._refuse_what_is_not_valid()
        self.updated_at = now

    def archive(self, *, now: dt.datetime) -> None:
        if self.is_archived:
            raise NoteAlreadyArchived
        self.is_archived, self.updated_at = True, now
        self.record(NoteArchived(self.id, self.owner_id))

    def take_back(self, *, now: dt.datetime) -> None:
        if not self.is_archived:
            raise NoteNotArchived
        self.is_archived, self.updated_at = False, now
        self.record(NoteTakenBack(self.id, self.owner_id))

    def _refuse_what_is_not_valid(self) -> None:
        if not self.title.strip():
            raise Invalid("title", "must not be blank")
        if not all(label.strip() for label in self.labels):
            raise Invalid("labels", "must not be blank")
        if len(set(self.labels)) < len(self.labels):
            raise Invalid("labels", "must differ from one another")
