"""Probes: aggregates whose events say how their delivery must go."""

import datetime as dt
import os
import time
from dataclasses import dataclass, field
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    update,
)

from app.core.context import current_work
from app.core.exceptions import ConcurrentUpdate
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.events import DomainEvent
from app.shared.domain.jobs import Job
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

# --- Tables: they are not in the metadata of the service -----------------------------------------

schema = MetaData()
probe = Table(
    "probe",
    schema,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
)
# Nothing here is unique: a repeated effect must be visible, not prevented.
effect = Table(
    "probe_effect",
    schema,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("handler", String(100), nullable=False),
    Column("stream_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("at", Float, nullable=False),  # by the machine's clock, which all processes share
)


# --- Domain -------------------------------------------------------------------------------------

MEETING: Final = UUID(int=1)
"""A probe that handlers of other probes change, too."""

_EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class ProbeEvent(DomainEvent):
    """`acts` lists what the handler does at its first attempt, its second, …; the last repeats.

    `+` joins several acts of one attempt. Without acts, the handler only does its work.
    """

    number: int
    stream_id: UUID
    acts: list[str] = field(default_factory=list)
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Kept(ProbeEvent):
    """The event has one handler, whose dead delivery blocks its stream."""

    type: ClassVar = "probe.kept"


@dataclass(frozen=True, slots=True)
class Passed(ProbeEvent):
    """The event has one handler, whose dead delivery is skipped."""

    type: ClassVar = "probe.passed"


@dataclass(frozen=True, slots=True)
class Hurried(ProbeEvent):
    """The event has one handler, with a very short time limit."""

    type: ClassVar = "probe.hurried"


@dataclass(frozen=True, slots=True)
class Sent(ProbeEvent):
    """The event has one handler, whose effect is outside the database."""

    type: ClassVar = "probe.sent"


@dataclass(frozen=True, slots=True)
class Bounded(ProbeEvent):
    """The event has two handlers: one with a limit over all processes, one with a rate."""

    type: ClassVar = "probe.bounded"


@dataclass(frozen=True, slots=True)
class Shared(ProbeEvent):
    """The event has two handlers, which retry practically forever."""

    type: ClassVar = "probe.shared"


@dataclass(frozen=True, slots=True)
class Answered(ProbeEvent):
    """A handler publishes the event, and the event has a handler itself."""

    type: ClassVar = "probe.answered"


@dataclass(frozen=True, slots=True)
class Worked:
    """The result of a probe's job."""

    number: int
    cursor: int | None


@dataclass(frozen=True, slots=True)
class Work(Job[Worked]):
    """A job whose effect is in the database; `acts` works as in a `ProbeEvent`."""

    type: ClassVar = "probe.work"

    number: int = 1
    stream_id: UUID = field(default_factory=new_id)
    acts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tell(Work):
    """A job whose effect is outside the database."""

    type: ClassVar = "probe.tell"


EVENTS = (Kept, Passed, Hurried, Sent, Shared, Answered, Bounded)


@dataclass(eq=False, kw_only=True, slots=True)
class Probe(AggregateRoot):
    aggregate_type: ClassVar = "probe"

    created_at: dt.datetime = _EPOCH
    updated_at: dt.datetime = _EPOCH

    def happen(self, kind: type[ProbeEvent], *acts: str, mark: str = "") -> None:
        """Record an event. Its number is the version that the probe will have."""
        self.record(kind(self.version + 1, self.id, list(acts), mark))


# --- Storage ------------------------------------------------------------------------------------

GET = Statement(select(probe.c.version).where(probe.c.id == bindparam("probe_id")))
ADD = Statement(insert(probe), columns=["id", "version"])
CHANGE = Statement(
    update(probe)
    .where(probe.c.id == bindparam("probe_id"), probe.c.version == bindparam("seen"))
    .values(version=bindparam("next"))
)
TOUCH = Statement(
    update(probe).where(probe.c.id == bindparam("probe_id")).values(version=probe.c.version)
)
ADD_EFFECT = Statement(
    insert(effect), columns=["event_id", "handler", "stream_id", "number", "pid", "at"]
)


# It is no BaseRepository: tests find each of those and use the service's tables for them.
class Probes:
    def __init__(self, connection: Connection, events: EventCollector) -> None:
        self._connection, self._events = connection, events

    async def get(self, id: UUID) -> Probe:
        """Return the probe, or a new one if it is not stored."""
        row = await self._connection.fetch_one(GET, {"probe_id": id})
        return Probe(id=id, version=row["version"] if row else 0)

    async def save(self, one: Probe) -> None:
        seen, one.version = one.version, one.version + 1
        if seen == 0:
            await self._connection.execute(ADD, {"id": one.id, "version": one.version})
        else:
            asked = {"probe_id": one.id, "seen": seen, "next": one.version}
            if await self._connection.execute(CHANGE, asked) != 1:
                raise ConcurrentUpdate
        self._events.collect(one)

    async def touch(self, id: UUID) -> None:
        """Lock the row of a probe until the end of the transaction."""
        await self._connection.execute(TOUCH, {"probe_id": id})

    async def affect(self, event: ProbeEvent | Work, handler: str) -> None:
        """Store the effect of a handler for an event."""
        row = {
            "event_id": current_work.get().caused_by,
            "handler": handler,
            "stream_id": event.stream_id,
            "number": event.number,
            "pid": os.getpid(),
            "at": time.monotonic(),
        }
        await self._connection.execute(ADD_EFFECT, row)


class ProbeUnitOfWork(SqlUnitOfWork):
    probes: Probes

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.probes = Probes(connection, events)
