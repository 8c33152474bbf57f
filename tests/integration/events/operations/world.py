"""Things to which something happens, handlers that record it, and an engine that delivers."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import Executable, String, bindparam, delete, insert, literal_column, select, update

from app.core.cursors import Cursors
from app.core.events import EventRegistry, subscribe
from app.core.schedules import every
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.events import DomainEvent, ScheduleTick
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.operations.backlog import Backlog
from app.shared.infrastructure.events.operations.delivery_operations import SqlDeliveryOperations
from app.shared.infrastructure.events.operations.inspection import Inspection
from app.shared.infrastructure.events.operations.replay import Replay
from app.shared.infrastructure.events.outbox.event_log import APPEND, EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

RECORD, OTHER, SLOW, LATE, REGULAR = (
    "test.record",
    "test.other",
    "test.slow",
    "test.late",
    "test.regular",
)

DELIVERIES = Statement(select(event_delivery).order_by(event_delivery.c.id))
FORGET = Statement(
    delete(event_delivery).where(event_delivery.c.handler == bindparam("of_handler"))
)
RENAME = Statement(
    update(event_delivery)
    .where(event_delivery.c.handler == bindparam("of_handler"))
    .values(handler=bindparam("as_handler"))
)
DONE_ALL = Statement(
    insert(event_delivery).from_select(
        [
            "event_id",
            "handler",
            "stream_id",
            "stream_position",
            "state",
            "token",
            "attempts",
            "max_attempts",
            "blocks_when_dead",
            "due_at",
            "done_at",
        ],
        select(
            event_log.c.event_id,
            bindparam("of_handler", type_=String),
            event_log.c.aggregate_id,
            literal_column("1024"),
            literal_column(str(int(DeliveryState.DONE))),
            literal_column("1"),
            literal_column("1"),
            literal_column("1"),
            literal_column("true"),
            database_time(),
            database_time(),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Happened(DomainEvent):
    """Something happened."""

    type: ClassVar = "test.happened"

    number: int


@dataclass(eq=False, kw_only=True, slots=True)
class Thing(AggregateRoot):
    aggregate_type: ClassVar = "thing"

    created_at: dt.datetime = NOW
    updated_at: dt.datetime = NOW


class Unit(SqlUnitOfWork):
    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        pass


@dataclass
class Told:
    """A handler that records the numbers in their order, and fails for those that it refuses."""

    numbers: list[int] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)

    async def __call__(self, event: Happened, _second: object) -> None:
        if event.number in self.refused:
            raise ValueError(f"not {event.number}")
        self.numbers.append(event.number)


@subscribe(Happened, id=RECORD, max_attempts=1)
class Record(Told):
    pass


@subscribe(Happened, id=OTHER, max_attempts=1)
class Other(Told):
    pass


@subscribe(Happened, id=LATE, max_attempts=3, on_dead="skip")
class Late(Told):
    pass


@subscribe(Happened, id=SLOW, transactional=False)
class Slow(Told):
    """Begins, and waits until the test lets it continue."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, event: Happened, _second: object) -> None:
        self.has_begun.set()
        await self.may_go_on.wait()
        await super().__call__(event, _second)


@every(dt.timedelta(days=1), id=REGULAR)
class Regular(Told):
    async def __call__(self, _tick: ScheduleTick, _second: object) -> None:  # type: ignore[override]
        pass


class World:
    """A service with one handler, `record`, and no delivery."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.record = Record()
        self.registry = EventRegistry()
        self.registry.publish([ScheduleTick, Happened])
        self.add(self.record)
        self.inspection = Inspection(database, self.registry, Cursors("a key for tests"))
        self.backlog = Backlog(database, self.registry)
        self.notifier = Notifier()
        self.operations = SqlDeliveryOperations(
            database, self.registry, self.inspection, self.notifier
        )
        self.replay = Replay(database, self.registry, self.notifier)
        self.queues = {"default": 4, "outside": 4}
        self.engine, self._executor = self._engine()

    def add(self, *handlers: object) -> None:
        unit = lambda: Unit(self.database, self.registry, Notifier())  # noqa: E731 - a factory
        self.registry.subscribe(handlers, unit_of_work=unit)

    def another_engine(self) -> Engine:
        """Return an engine as another process would have it."""
        return self._engine()[0]

    def _engine(self) -> tuple[Engine, LocalExecutor]:
        runner, notifier = (
            Runner(self.database, self.registry, worker_id="test", lease=60),
            Notifier(),
        )
        executor = LocalExecutor(runner, notifier, self.registry, queues=self.queues)
        return Engine(self.database, self.registry, runner, executor, notifier), executor

    async def happen(self, *numbers: int, to: Thing | None = None) -> Thing:
        """Publish an event for each number, each with a version of its own."""
        thing = to or Thing()
        for number in numbers:
            await self.publish(thing, Happened(number))
        return thing

    async def publish(self, thing: Thing, event: DomainEvent) -> None:
        """Publish an event with the next version of a thing."""
        thing.version += 1
        thing.record(event)
        collector = EventCollector(self.registry)
        collector.collect(thing)
        async with self.database.transaction() as connection:
            await collector.write(connection)
            await connection.commit()

    async def finish(self) -> None:
        """Wait for the runs that have begun."""
        await self._executor.finish()

    async def drain(self) -> None:
        """Deliver until nothing is due any more, and all runs have ended."""
        async with asyncio.timeout(30):
            await self._executor.finish()
            await self.engine.drain()

    async def states(self, handler: str = RECORD) -> list[str]:
        """Return the states of a handler's deliveries, in the order of their events."""
        rows = await self.database.fetch_all(DELIVERIES, {})
        of_handler = [row for row in rows if row["handler"] == handler]
        return [DeliveryState(row["state"]).name.lower() for row in of_handler]

    async def ids(self, handler: str = RECORD) -> list[int]:
        rows = await self.database.fetch_all(DELIVERIES, {})
        return [row["id"] for row in rows if row["handler"] == handler]

    async def dead_id(self) -> int:
        """Return the id of the one delivery that is dead."""
        rows = await self.database.fetch_all(DELIVERIES, {})
        (dead,) = [row["id"] for row in rows if row["state"] == DeliveryState.DEAD]
        return int(dead)

    async def execute(self, statement: Executable | Statement, **params: Any) -> int:
        query = statement if isinstance(statement, Statement) else Statement(statement)
        async with self.database.transaction() as connection:
            hit = await connection.execute(query, params)
            await connection.commit()
        return hit

    async def happen_at_once(self, count: int, *, is_done: bool = False) -> None:
        """Write many events, each of a thing of its own, with done deliveries or with none."""
        rows = [event_row() for _ in range(count)]
        async with self.database.transaction() as connection:
            await connection.execute_many(APPEND, rows)
            if is_done:
                await connection.execute(DONE_ALL, {"of_handler": RECORD})
            await connection.commit()


def event_row() -> dict[str, Any]:
    return {
        "event_id": new_id(),
        "event_type": Happened.type,
        "schema_version": 1,
        "module": "test",
        "aggregate_type": Thing.aggregate_type,
        "aggregate_id": new_id(),
        "aggregate_version": 1,
        "ordinal": 0,
        "payload": {"number": 1},
        "correlation_id": None,
        "causation_id": None,
        "traceparent": None,
        "actor_id": None,
        "occurred_at": NOW,
    }
