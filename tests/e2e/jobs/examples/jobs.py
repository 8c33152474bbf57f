"""Jobs of the module."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.jobs import Job


@dataclass(frozen=True, slots=True)
class NotesPrinted:
    pages: int


@dataclass(frozen=True, slots=True)
class PrintNotes(Job[NotesPrinted]):
    """Print all notes of a user."""

    type: ClassVar = "note.print"

    owner_id: UUID


@dataclass(frozen=True, slots=True)
class ArchiveNotes(Job[int]):
    """Archive all notes of a user; the result is their number."""

    type: ClassVar = "note.archive_all"

    owner_id: UUID


@dataclass(frozen=True, slots=True)
class TellOwner(Job[None]):
    """Tell the owner of a note something."""

    type: ClassVar = "note.tell_owner"

    note_id: UUID
    text: str
