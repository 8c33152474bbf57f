"""A module with long reports and many emails, for a service that runs in processes of its own.

python -m tests.e2e.jobs.desk serve
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from uuid import UUID

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton
from pydantic import Field

from app.core.endings import Continue
from app.core.events import EventRegistry
from app.core.http.parameters import CurrentActor
from app.core.http.routing import API, ApiRouter
from app.core.http.schema_types import Body
from app.core.jobs import Run, job
from app.core.security import scope
from app.shared.application.email import Email, EmailKind, Mailer
from app.shared.container import module
from app.shared.domain.jobs import Job, JobRef
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer
from app.shared.presentation.jobs import ACCEPTED
from tests.modules.note.container import ContainerWithNotes
from tests.modules.note.domain import Note
from tests.modules.note.process import main
from tests.modules.note.storage import SqlNoteUnitOfWork

PROCESS: Final = "tests.e2e.jobs.desk"
PAGE_SECONDS: Final = 0.02

Units = Callable[[], SqlNoteUnitOfWork]


@dataclass(frozen=True, slots=True)
class WriteReport(Job[int]):
    """Write a report, each page of which is a note; the result is the number of pages."""

    type: ClassVar = "desk.write_report"

    owner_id: UUID
    title: str
    pages: int


@job(WriteReport)
class WriteReportHandler:
    async def __call__(self, args: WriteReport, run: Run[SqlNoteUnitOfWork]) -> int:
        done = (run.cursor or 0) + 1
        note = Note.write(owner_id=args.owner_id, title=args.title, now=dt.datetime.now(dt.UTC))
        await run.uow.notes.save(note)
        await run.progress(done, args.pages)
        await asyncio.sleep(PAGE_SECONDS)
        if done < args.pages:
            raise Continue(done)
        return done


@dataclass(frozen=True, slots=True)
class SendNews(Job[None]):
    """Send the news to a reader."""

    type: ClassVar = "desk.send_news"

    reader: int


@job(SendNews, transactional=False, concurrency=8)
class SendNewsHandler:
    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    async def __call__(self, args: SendNews, run: Run[None]) -> None:
        to = EmailAddress(f"reader-{args.reader}@example.com")
        content = {"subject": "News", "text": "None.\n", "html": "<p>None.</p>\n"}
        await self._mailer.send(Email(key=run.key, kind=EmailKind.WORK, to=to, **content))


class ReportBody(Body):
    title: str
    pages: Annotated[int, Field(ge=1, le=1_000)]
    delay_seconds: Annotated[int, Field(ge=0, le=60)] = 0


class NewsBody(Body):
    readers: Annotated[int, Field(ge=1, le=100_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskController:
    uow: Units

    async def report(self, actor: CurrentActor, body: ReportBody) -> JobRef[int]:
        """Write a report."""
        wanted = WriteReport(actor.user_id, body.title, body.pages)
        async with self.uow() as uow:
            ref = await uow.jobs.enqueue(wanted, delay=dt.timedelta(seconds=body.delay_seconds))
            await uow.commit()
        return ref

    async def news(self, body: NewsBody) -> None:
        """Send the news to all readers."""
        async with self.uow() as uow:
            await uow.jobs.enqueue_many([SendNews(reader) for reader in range(body.readers)])
            await uow.commit()


def desk_routes(desk: DeskController) -> ApiRouter:
    router = ApiRouter(f"{API}/desk", tags=["desk"])
    router.post("/reports", desk.report, access=scope("desk:write"), **ACCEPTED)
    router.post("/news", desk.news, access=scope("desk:write"), status_code=204)
    return router


class DeskContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    mailer: Dependency[Mailer] = Dependency()

    uow: Factory[SqlNoteUnitOfWork] = Factory(
        SqlNoteUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    controller: Singleton[DeskController] = Singleton(DeskController, uow=uow.provider)

    permissions = Object(dict.fromkeys(("user", "admin"), ("desk:write",)))
    routers = List(Singleton(desk_routes, controller))
    handlers = List(Singleton(WriteReportHandler), Singleton(SendNewsHandler, mailer=mailer))


class ContainerWithDesk(ContainerWithNotes):
    desk = module(DeskContainer)


if __name__ == "__main__":
    main(ContainerWithDesk)
