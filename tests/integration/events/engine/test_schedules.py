"""Ticks come by the database's clock, each once, with any number of schedulers."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import delete

from app.core.events import EventRegistry
from app.core.schedules import every
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.delivery.scheduler import Scheduler
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.shapes import ONE_PLACE
from tests.support.probe.ticking import NOON, Clocked, Listener, registry_of, set_state, ticks
from tests.support.probe.world import World

MINUTE = dt.timedelta(minutes=1)
DONE, CLAIMED, READY = DeliveryState.DONE, DeliveryState.CLAIMED, DeliveryState.READY


@every(MINUTE, id="probe.each_minute")
class EachMinute(Listener): ...


@pytest.fixture
def database(world: World) -> Clocked:
    return Clocked(world.database)


@pytest.fixture
def handler() -> EachMinute:
    return EachMinute()


@pytest.fixture
def registry(world: World, handler: EachMinute) -> EventRegistry:
    return registry_of(world, handler)


async def test_one_of_three_schedulers_publishes_each_tick(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    schedulers = [Scheduler(database, registry) for _ in range(3)]
    for minute in range(20):
        database.now = NOON + minute * MINUTE
        fired = await asyncio.gather(*(each.fire_due() for each in schedulers))
        assert sum(fired) == 1
        await set_state(world, DONE)

    assert await ticks(world) == [NOON + minute * MINUTE for minute in range(20)]


async def test_a_later_scheduler_does_not_publish_a_tick_again(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    await Scheduler(database, registry).fire_due()
    await set_state(world, DONE)
    database.now = NOON + MINUTE - dt.timedelta(milliseconds=1)

    assert await Scheduler(database, registry).fire_due() == 0
    assert await ticks(world) == [NOON]


async def test_of_the_ticks_that_were_missed_the_last_is_fired(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    scheduler = Scheduler(database, registry)
    await scheduler.fire_due()
    await set_state(world, DONE)
    database.now = NOON + 10.5 * MINUTE
    await scheduler.fire_due()

    assert await ticks(world) == [NOON, NOON + 10 * MINUTE]


@pytest.mark.parametrize("state", [READY, CLAIMED, DeliveryState.BLOCKED, DeliveryState.NO_HANDLER])
async def test_no_tick_is_fired_while_an_earlier_one_waits_or_runs(
    world: World, database: Clocked, registry: EventRegistry, state: DeliveryState
) -> None:
    scheduler = Scheduler(database, registry)
    await scheduler.fire_due()
    await set_state(world, state)
    for minute in (1, 2, 3):
        database.now = NOON + minute * MINUTE
        assert await scheduler.fire_due() == 0

    await set_state(world, DONE)
    assert await scheduler.fire_due() == 1
    assert await ticks(world) == [NOON, NOON + 3 * MINUTE]


async def test_a_dead_tick_does_not_stop_its_schedule(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    await Scheduler(database, registry).fire_due()
    await set_state(world, DeliveryState.DEAD)
    database.now = NOON + MINUTE

    assert await Scheduler(database, registry).fire_due() == 1


async def test_a_clock_that_jumps_back_publishes_no_tick_again(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    for now in (NOON, NOON + MINUTE, NOON, NOON + MINUTE):
        database.now = now
        await Scheduler(database, registry).fire_due()
        await set_state(world, DONE)

    assert await ticks(world) == [NOON, NOON + MINUTE]


async def test_a_tick_that_was_deleted_from_the_log_is_not_published_again(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    await Scheduler(database, registry).fire_due()
    await set_state(world, DONE)
    await world.execute(delete(event_log))

    assert await Scheduler(database, registry).fire_due() == 0
    database.now = NOON + MINUTE
    assert await Scheduler(database, registry).fire_due() == 1


async def test_a_last_tick_in_the_future_keeps_no_tick_of_now_from_being_fired(
    world: World, database: Clocked, registry: EventRegistry
) -> None:
    ahead = NOON + dt.timedelta(days=365)
    scheduler = Scheduler(database, registry)
    for database.now in (ahead, NOON, NOON + MINUTE):
        assert await scheduler.fire_due() == 1
        assert await Scheduler(database, registry).fire_due() == 0
        await set_state(world, DONE)

    assert await ticks(world) == [ahead, NOON, NOON + MINUTE]


async def test_a_tick_is_delivered_like_any_event(
    database: Clocked, registry: EventRegistry, handler: EachMinute
) -> None:
    database.now = NOON + MINUTE / 4
    runner, notifier = Runner(database, registry, worker_id="test", lease=60), Notifier()
    executor = LocalExecutor(runner, notifier, registry, queues=ONE_PLACE)
    await Engine(database, registry, runner, executor, notifier).drain()

    [tick] = handler.told
    assert (tick.due_at, tick.late_by) == (NOON, MINUTE / 4)
