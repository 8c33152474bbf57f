"""The service with two handlers of written notes, one of which fails at its first attempt.

python -m tests.e2e.traces.noted serve
"""

import asyncio
from pathlib import Path
from typing import Any, Final

from dependency_injector.providers import Dependency, Factory, List, Singleton

import app.worker
from app.core.events import EventRegistry, subscribe
from app.shared.container import module
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer
from tests.modules.note.container import ContainerWithNotes
from tests.modules.note.domain import NoteWritten
from tests.modules.note.process import main
from tests.modules.note.storage import SqlNoteUnitOfWork

PROCESS: Final = "tests.e2e.traces.noted"


@subscribe(NoteWritten, id="reader.look")
class WhenNoteWrittenLookAtIt:
    async def __call__(self, event: NoteWritten, uow: SqlNoteUnitOfWork) -> None:
        await uow.notes.get(event.note_id)


@subscribe(NoteWritten, id="reader.fail_once", transactional=False)
class WhenNoteWrittenFailOnce:
    async def __call__(self, event: NoteWritten, key: str) -> None:
        del event
        if await asyncio.to_thread(has_begun, Path(f"{key}.tried")):
            return
        message = "c4n4ry"
        raise ConnectionError(message)


def has_begun(note: Path) -> bool:
    """Return whether it was tried before; note that it is tried."""
    try:
        note.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


class ReaderContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    uow: Factory[SqlNoteUnitOfWork] = Factory(
        SqlNoteUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    handlers: Any = List(Singleton(WhenNoteWrittenLookAtIt), Singleton(WhenNoteWrittenFailOnce))


class ContainerWithReader(ContainerWithNotes):
    reader = module(ReaderContainer)


if __name__ == "__main__":
    vars(app.worker)["ApplicationContainer"] = ContainerWithReader
    vars(app.worker)["run_celery_worker"].__defaults__ = (ContainerWithReader.build,)
    main(ContainerWithReader)
