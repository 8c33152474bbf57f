"""Handlers of the jobs."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from app.core.endings import Continue
from app.core.jobs import Run, job
from tests.e2e.jobs.examples.jobs import ArchiveNotes, NotesPrinted, PrintNotes, TellOwner
from tests.e2e.jobs.examples.printer import Printer
from tests.modules.note.storage import SqlNoteUnitOfWork


@job(PrintNotes, queue="outside", max_attempts=5, timeout=120.0, transactional=False)
class PrintNotesHandler:
    def __init__(self, uow: Callable[[], SqlNoteUnitOfWork], printer: Printer) -> None:
        self._uow, self._printer = uow, printer

    async def __call__(self, args: PrintNotes, run: Run[None]) -> NotesPrinted:
        async with self._uow() as uow:
            notes = await uow.notes.page(args.owner_id, None, 100)
        for count, note in enumerate(notes, 1):
            if await run.is_cancelled():
                break
            await self._printer.print(note.title, key=f"{run.key}-{count}")
            await run.progress(count, len(notes))
        return NotesPrinted(len(notes))


@job(ArchiveNotes, timeout=20.0)
class ArchiveNotesHandler:
    AT_ONCE = 2

    async def __call__(self, args: ArchiveNotes, run: Run[SqlNoteUnitOfWork]) -> int:
        done, last = run.cursor or (0, None)
        notes = await run.uow.notes.page(args.owner_id, position(last), self.AT_ONCE)
        for note in notes:
            note.archive(now=dt.datetime.now(dt.UTC))
            await run.uow.notes.save(note)
        done += len(notes)
        await run.progress(done)
        if len(notes) == self.AT_ONCE:
            raise Continue([done, [notes[-1].created_at.isoformat(), str(notes[-1].id)]])
        return int(done)


def position(last: list[str] | None) -> tuple[dt.datetime, UUID] | None:
    return None if last is None else (dt.datetime.fromisoformat(last[0]), UUID(last[1]))


@job(TellOwner, priority="high")
class TellOwnerHandler:
    def __init__(self, told: list[str]) -> None:
        self._told = told

    async def __call__(self, args: TellOwner, run: Run[SqlNoteUnitOfWork]) -> None:
        self._told.append(args.text)
