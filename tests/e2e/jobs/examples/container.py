"""The module with jobs, put together."""

from dataclasses import dataclass

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.container import ApplicationContainer
from app.core.events import EventRegistry
from app.core.http.parameters import CurrentActor
from app.core.http.routing import API, ApiRouter
from app.core.security import scope
from app.shared.container import module
from app.shared.domain.jobs import JobRef
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer
from app.shared.presentation.jobs import ACCEPTED
from tests.e2e.jobs.examples.handlers import (
    ArchiveNotesHandler,
    PrintNotesHandler,
    TellOwnerHandler,
)
from tests.e2e.jobs.examples.jobs import NotesPrinted
from tests.e2e.jobs.examples.printer import Printer
from tests.e2e.jobs.examples.usecases import RequestPrint
from tests.modules.note.domain import EVENTS
from tests.modules.note.storage import SqlNoteUnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintController:
    request_print: RequestPrint

    async def print(self, actor: CurrentActor) -> JobRef[NotesPrinted]:
        """Print all your notes."""
        return await self.request_print.execute(actor.user_id)


def print_routes(prints: PrintController) -> ApiRouter:
    router = ApiRouter(f"{API}/prints", tags=["prints"])
    router.post("", prints.print, access=scope("print:write"), **ACCEPTED)
    return router


class PrintContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)

    uow: Factory[SqlNoteUnitOfWork] = Factory(
        SqlNoteUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    printer: Singleton[Printer] = Singleton(Printer)
    told: Singleton[list[str]] = Singleton(list)
    request_print: Singleton[RequestPrint] = Singleton(RequestPrint, uow=uow.provider)
    controller: Singleton[PrintController] = Singleton(PrintController, request_print=request_print)

    permissions = Object(dict.fromkeys(("user", "admin"), ("print:write",)))
    routers = List(Singleton(print_routes, controller))
    events = Object(EVENTS)
    handlers = List(
        Singleton(PrintNotesHandler, uow=uow.provider, printer=printer),
        Singleton(ArchiveNotesHandler),
        Singleton(TellOwnerHandler, told=told),
    )


class ContainerWithPrints(ApplicationContainer):
    print = module(PrintContainer)
