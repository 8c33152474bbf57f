"""An event and a job, each with a handler that writes one row: the least that is of any use."""

import asyncio
import datetime as dt
import time
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Column, Float, MetaData, Table, Uuid, insert, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.core.endings import DeadLetter
from app.core.events import Handler, subscribe
from app.core.jobs import Run, job
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import DomainEvent
from app.shared.domain.jobs import Job
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.group_sizes import GroupSizes
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

TITLE: Final = "Lay the foundation"
FAILS: Final = "Fail"

schema = MetaData()
effect = Table(
    "bench_effect",
    schema,
    Column("record_id", Uuid, primary_key=True),
    Column("at", Float, nullable=False),  # by the machine's own clock, that all processes share
)
ADD_EFFECT = Statement(insert(effect), columns=["record_id", "at"])
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@dataclass(frozen=True, slots=True)
class Recorded(DomainEvent):
    """Something was written down, and when."""

    type: ClassVar = "bench.recorded"

    record_id: UUID
    title: str


@dataclass(eq=False, kw_only=True, slots=True)
class Record(AggregateRoot):
    aggregate_type: ClassVar = "record"

    @classmethod
    def make(cls, title: str = TITLE) -> "Record":
        """Return a new one with its event."""
        now = dt.datetime.now(dt.UTC)
        record = cls(version=1, created_at=now, updated_at=now)
        record.record(Recorded(record.id, title))
        return record


class RecordUnitOfWork(SqlUnitOfWork):
    def save(self, record: Record) -> None:
        """Keep no row of it: what is measured is its event."""
        self._events.collect(record)

    async def take_effect(self, record_id: UUID, *, at: float) -> None:
        await self._connection.execute(ADD_EFFECT, {"record_id": record_id, "at": at})

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        """Have none."""


@subscribe(Recorded, id="bench.take_note")
class WhenRecordedTakeNote:
    async def __call__(self, event: Recorded, uow: RecordUnitOfWork) -> None:
        if event.title == FAILS:
            raise DeadLetter(FAILS)
        await uow.take_effect(event.record_id, at=time.monotonic())


@dataclass(frozen=True, slots=True)
class Note(Job[None]):
    """Write a row."""

    type: ClassVar = "bench.note"

    record_id: UUID


@job(Note)
class NoteHandler:
    async def __call__(self, args: Note, run: Run[RecordUnitOfWork]) -> None:
        await run.uow.take_effect(args.record_id, at=time.monotonic())


@dataclass(frozen=True, slots=True)
class Wait(Job[None]):
    """Wait, as for a slow receiver outside."""

    type: ClassVar = "bench.wait"

    seconds: float


@job(Wait, transactional=False)
class WaitHandler:
    async def __call__(self, args: Wait, _run: Run[None]) -> None:
        await asyncio.sleep(args.seconds)


def bench_container(settings: Settings) -> ApplicationContainer:
    """Build the service with this module more."""
    container = ApplicationContainer.build(settings)
    registry = container.registry()

    def unit_of_work() -> RecordUnitOfWork:
        return RecordUnitOfWork(container.database(), registry, container.notifier())

    registry.publish([Recorded])
    handlers = [WhenRecordedTakeNote(), NoteHandler(), WaitHandler()]
    registry.subscribe(handlers, unit_of_work=unit_of_work)
    return container


class Alone(GroupSizes):
    """Gives each run a transaction of its own: what groups are compared with."""

    def of(self, handler: Handler | None) -> int:  # noqa: ARG002 - whichever it is
        return 1


def alone_container(settings: Settings) -> ApplicationContainer:
    """Build the service without groups."""
    container = bench_container(settings)
    container.runner().sizes = Alone()
    return container


async def create_tables(address: str) -> None:
    url = make_url(address)
    engine = create_async_engine(url.set(drivername=_DRIVERS[url.get_backend_name()]))
    async with engine.begin() as connection:
        await connection.run_sync(schema.create_all)
    await engine.dispose()
