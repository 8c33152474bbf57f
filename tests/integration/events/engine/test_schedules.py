"""Ticks come by the database's clock, each once, however many look for them."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.core.events import EventRegistry, every
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.connection import Connection, Database, Row
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.delivery.scheduler import NOW, Scheduler
from tests.support.probe.module import ProbeUnitOfWork
from tests.support.probe.world import World

MINUTE = dt.timedelta(minutes=1)
NOON = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)
TICKS = select(event_log.c.payload).where(event_log.c.event_type == "schedule.tick")


@every(MINUTE, id="probe.each_minute")
class EachMinute:
    def __init__(self) -> None:
        self.told: list[dt.datetime] = []

    async def __call__(self, tick: ScheduleTick, uow: ProbeUnitOfWork) -> None:
        self.told.append(tick.due_at)


class Clocked:
    """A database whose clock a test sets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.now = NOON

    async def fetch_one(self, query: Statement, params: Mapping[str, Any], /) -> Row | None:
        return {"now": self.now} if query is NOW else await self._database.fetch_one(query, params)

    async def fetch_all(self, query: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._database.fetch_all(query, params)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return self._database.transaction()

    async def open(self) -> None: ...
    async def close(self) -> None: ...


@pytest.fixture
def database(world: World) -> Clocked:
    return Clocked(world.database)


@pytest.fixture
def handler() -> EachMinute:
    return EachMinute()


@pytest.fixture
def registry(world: World, handler: EachMinute) -> EventRegistry:
    registry = EventRegistry()
    registry.publish([ScheduleTick])
    registry.subscribe([handler], unit_of_work=world.unit_of_work)
    return registry


async def ticks(world: World) -> list[dt.datetime]:
    """Return those that were fired, each once for each time that it was."""
    fired = [row["payload"]["due_at"] for row in await world.fetch(TICKS)]
    return sorted(dt.datetime.fromisoformat(each) for each in fired)


async def test_of_three_schedulers_one_fires_each_tick(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    schedulers = [Scheduler(database, registry) for _ in range(3)]
    for minute in range(20):
        database.now = NOON + minute * MINUTE
        fired = await asyncio.gather(*(each.fire_due() for each in schedulers))
        assert sum(fired) == 1

    assert await ticks(world) == [NOON + minute * MINUTE for minute in range(20)]


async def test_a_tick_is_not_fired_again_by_one_that_starts_later(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    await Scheduler(database, registry).fire_due()
    database.now = NOON + MINUTE - dt.timedelta(milliseconds=1)

    assert await Scheduler(database, registry).fire_due() == 0
    assert await ticks(world) == [NOON]


async def test_of_the_ticks_that_were_missed_the_last_is_fired(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    scheduler = Scheduler(database, registry)
    await scheduler.fire_due()
    database.now = NOON + 10.5 * MINUTE
    await scheduler.fire_due()

    assert await ticks(world) == [NOON, NOON + 10 * MINUTE]


async def test_a_clock_that_jumps_back_fires_nothing_again(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    for now in (NOON, NOON + MINUTE, NOON, NOON + MINUTE):
        database.now = now
        await Scheduler(database, registry).fire_due()

    assert await ticks(world) == [NOON, NOON + MINUTE]


async def test_a_tick_that_the_log_has_forgotten_is_not_fired_again(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    await Scheduler(database, registry).fire_due()
    await world.execute(delete(event_log))

    assert await Scheduler(database, registry).fire_due() == 0
    database.now = NOON + MINUTE
    assert await Scheduler(database, registry).fire_due() == 1


async def test_a_last_tick_in_the_future_keeps_no_tick_of_now_from_being_fired(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    ahead = NOON + dt.timedelta(days=365)
    for database.now in (ahead, NOON, NOON + MINUTE):
        assert await Scheduler(database, registry).fire_due() == 1
        assert await Scheduler(database, registry).fire_due() == 0

    assert await ticks(world) == [NOON, NOON + MINUTE, ahead]


async def test_a_tick_is_delivered_as_any_event(
    database: Clocked, registry: EventRegistry, handler: EachMinute
) -> None:
    runner, notifier = Runner(database, registry, worker_id="test", lease=60), Notifier()
    executor = LocalExecutor(runner, notifier, concurrency=1)
    await Engine(database, registry, runner, executor, notifier).drain()

    assert handler.told == [NOON]
