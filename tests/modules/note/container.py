"""Composition of the tests' module, and of the service with it."""

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.container import ApplicationContainer
from app.core.cursors import Cursors
from app.core.events import EventRegistry, subscribe
from app.modules.user.domain.events import UserDeleted
from app.shared.application.base_usecase import Clock
from app.shared.container import module
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer
from tests.modules.note.domain import EVENTS
from tests.modules.note.storage import SqlNoteUnitOfWork
from tests.modules.note.web import NoteController, note_routes


@subscribe(UserDeleted, id="note.forget_notes_of_user")
class WhenUserDeletedForgetTheirNotes:
    async def __call__(self, event: UserDeleted, uow: SqlNoteUnitOfWork) -> None:
        await uow.notes.forget(event.user_id)


class NoteContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()
    cursors: Dependency[Cursors] = Dependency(instance_of=Cursors)

    uow: Factory[SqlNoteUnitOfWork] = Factory(
        SqlNoteUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    controller: Singleton[NoteController] = Singleton(
        NoteController, uow=uow.provider, database=database, cursors=cursors, clock=clock
    )

    permissions = Object(dict.fromkeys(("user", "admin"), ("note:read", "note:write")))
    routers = List(Singleton(note_routes, controller))
    events = Object(EVENTS)
    handlers = List(Singleton(WhenUserDeletedForgetTheirNotes))


class ContainerWithNotes(ApplicationContainer):
    note = module(NoteContainer)
