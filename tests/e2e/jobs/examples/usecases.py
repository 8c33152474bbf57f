"""What enqueues jobs."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from app.shared.domain.jobs import Cancellation, JobRef
from tests.e2e.jobs.examples.jobs import ArchiveNotes, NotesPrinted, PrintNotes, TellOwner
from tests.modules.note.domain import Note
from tests.modules.note.storage import SqlNoteUnitOfWork

Units = Callable[[], SqlNoteUnitOfWork]


class RequestPrint:
    def __init__(self, uow: Units) -> None:
        self._uow = uow

    async def execute(self, owner_id: UUID) -> JobRef[NotesPrinted]:
        async with self._uow() as uow:
            ref = await uow.jobs.enqueue(PrintNotes(owner_id))
            await uow.commit()
        return ref


async def write_note(uow: Units, note: Note) -> None:
    async with uow() as unit:
        await unit.notes.save(note)
        await unit.jobs.enqueue(TellOwner(note.id, f"You wrote {note.title}."))
        await unit.commit()


async def remind_later(uow: Units, note: Note, due_at: dt.datetime) -> None:
    async with uow() as unit:
        remind = TellOwner(note.id, "It is time.")
        await unit.jobs.enqueue(remind, delay=dt.timedelta(hours=1))
        await unit.jobs.enqueue(remind, due_at=due_at, expires_at=due_at + dt.timedelta(days=1))
        await unit.jobs.enqueue(TellOwner(note.id, "Welcome."), once=f"welcome:{note.owner_id}")
        await unit.commit()


async def print_after_the_last_change(uow: Units, owner_id: UUID) -> None:
    async with uow() as unit:
        await unit.jobs.enqueue(
            PrintNotes(owner_id),
            key=f"print:{owner_id}",
            on_waiting="postpone",
            delay=dt.timedelta(minutes=5),
        )
        await unit.commit()


async def tell_in_order(uow: Units, note: Note, texts: list[str]) -> None:
    async with uow() as unit:
        for text in texts:
            await unit.jobs.enqueue(TellOwner(note.id, text), order_by=note.id)
        await unit.commit()


async def archive_for_all(uow: Units, owners: list[UUID]) -> None:
    async with uow() as unit:
        await unit.jobs.enqueue_many([ArchiveNotes(owner) for owner in owners], priority="low")
        await unit.commit()


async def archive_and_tell(uow: Units, note: Note, owners: list[UUID]) -> None:
    async with uow() as unit:
        async with unit.jobs.batch(
            then=TellOwner(note.id, "All notes are archived."),
            catch=TellOwner(note.id, "Some notes could not be archived."),
            finally_=PrintNotes(note.owner_id),
        ) as batch:
            await batch.enqueue_many([ArchiveNotes(owner) for owner in owners])
        await unit.commit()


async def forget_print(uow: Units, owner_id: UUID) -> Cancellation:
    async with uow() as unit:
        answer = await unit.jobs.cancel(PrintNotes, key=f"print:{owner_id}")
        await unit.commit()
    return answer
