import datetime as dt

import pytest
from sqlalchemy import bindparam, select, update

from app.shared.application.events import HandlerNotFound, HandlerWithoutEvents
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.retention import ForgetDeliveries, ForgetEvents
from app.shared.infrastructure.events.operations.delivery_operations import BATCH
from tests.integration.events.operations.world import (
    FORGET,
    LATE,
    LONG_AGO,
    OTHER,
    RECORD,
    REGULAR,
    Late,
    Other,
    Regular,
    World,
)

TICK = ScheduleTick("event.forget", LONG_AGO)
A_DAY = dt.timedelta(days=1)
RECORD_ON = (
    update(event_log)
    .where(event_log.c.aggregate_version == bindparam("of_version"))
    .values(recorded_at=bindparam("day"))
)


async def recorded_on_days_of_their_own(world: World) -> list[dt.datetime]:
    """Record each event on a day of its own: the first on the first day, and so on."""
    days = [dt.datetime(2026, 1, day, 12, tzinfo=dt.UTC) for day in (1, 2, 3, 4)]
    for version, day in enumerate(days, start=1):
        await world.execute(RECORD_ON, of_version=version, day=day)
    return days


async def test_a_replay_delivers_finished_events_again_in_order(
    world: World,
) -> None:
    other = Other()
    world.add(other)
    await world.happen(1, 2, 3, 4)
    await world.drain()

    again = await world.replay.replay(RECORD, since=LONG_AGO, until=None)
    assert again.deliveries == 4
    assert await world.states() == ["ready", "blocked", "blocked", "blocked"]
    await world.drain()

    assert world.record.numbers == [1, 2, 3, 4] * 2
    assert other.numbers == [1, 2, 3, 4]


async def test_only_the_events_of_the_period_are_replayed(world: World) -> None:
    await world.happen(1, 2, 3, 4)
    days = await recorded_on_days_of_their_own(world)
    await world.drain()

    again = await world.replay.replay(RECORD, since=days[1], until=days[3])
    await world.drain()

    assert again.deliveries == 2
    assert world.record.numbers == [1, 2, 3, 4, 2, 3]


async def test_events_with_deleted_deliveries_are_replayed_too(world: World) -> None:
    await world.happen(1, 2)
    await world.drain()
    await world.execute(FORGET, of_handler=RECORD)

    again = await world.replay.replay(RECORD, since=LONG_AGO, until=None)
    await world.drain()

    assert again.deliveries == 2
    assert world.record.numbers == [1, 2, 1, 2]


async def test_dead_deliveries_stay_dead_in_a_replay(world: World) -> None:
    world.record.refused = {2}
    await world.happen(1, 2, 3)
    await world.drain()
    assert (await world.replay.replay(RECORD, since=LONG_AGO, until=None)).deliveries == 1
    await world.drain()
    assert world.record.numbers == [1, 1]
    assert await world.states() == ["done", "dead", "blocked"]


async def test_a_backfill_delivers_missed_events_in_order(
    world: World,
) -> None:
    thing = await world.happen(1, 2, 3)
    late = Late()
    world.add(late)
    await world.happen(4, to=thing)

    assert (await world.replay.backfill(LATE, since=LONG_AGO)).deliveries == 3
    await world.drain()

    assert late.numbers == [1, 2, 3, 4]
    assert world.record.numbers == [1, 2, 3, 4]


async def test_backfilled_deliveries_have_the_policy_of_their_handler(world: World) -> None:
    await world.happen(1, 2)
    late = Late()
    late.refused = {1}
    world.add(late)
    await world.replay.backfill(LATE, since=LONG_AGO)
    await world.drain()

    (first, _) = await world.ids(LATE)
    delivery = (await world.inspection.show(first)).delivery
    assert (delivery.attempts, delivery.max_attempts) == (1, 3)


async def test_a_second_backfill_adds_nothing(world: World) -> None:
    await world.happen(1, 2)
    late = Late()
    world.add(late)
    await world.replay.backfill(LATE, since=LONG_AGO)
    await world.drain()

    assert (await world.replay.backfill(LATE, since=LONG_AGO)).deliveries == 0
    await world.drain()
    assert late.numbers == [1, 2]


async def test_only_events_since_the_time_are_backfilled(world: World) -> None:
    await world.happen(1, 2, 3, 4)
    days = await recorded_on_days_of_their_own(world)
    late = Late()
    world.add(late)

    await world.replay.backfill(LATE, since=days[2])
    await world.drain()
    assert late.numbers == [3, 4]


async def test_a_large_backfill_takes_several_transactions(world: World) -> None:
    await world.happen_at_once(BATCH + 1)
    world.add(Other())
    assert (await world.replay.backfill(OTHER, since=LONG_AGO)).deliveries == BATCH + 1
    (lag,) = [lag for lag in await world.backlog.lag() if lag.handler == OTHER]
    assert lag.ready == BATCH + 1


async def test_a_schedule_and_an_unknown_handler_have_no_events(world: World) -> None:
    world.add(Regular())
    with pytest.raises(HandlerWithoutEvents):
        await world.replay.backfill(REGULAR, since=LONG_AGO)
    with pytest.raises(HandlerNotFound):
        await world.replay.replay("test.never", since=LONG_AGO, until=None)


async def test_discarded_deliveries_stay_discarded_in_a_replay(world: World) -> None:
    await discarded_one_of_two(world)
    assert (await world.replay.replay(RECORD, since=LONG_AGO, until=None)).deliveries == 1
    assert (await world.replay.backfill(RECORD, since=LONG_AGO)).deliveries == 0
    await world.drain()
    assert world.record.numbers == [2, 2]
    assert await world.states() == ["discarded", "done"]


async def test_discarded_deliveries_are_replayed_if_included(world: World) -> None:
    await discarded_one_of_two(world)
    again = await world.replay.replay(RECORD, since=LONG_AGO, until=None, discarded=True)
    await world.drain()
    assert again.deliveries == 2
    assert world.record.numbers == [2, 1, 2]


async def test_a_discarded_delivery_can_be_retried_by_its_number(world: World) -> None:
    await discarded_one_of_two(world)
    await world.operations.retry((await world.ids())[0])
    await world.drain()
    assert world.record.numbers == [2, 1]
    assert (await world.operations.retry_all(RECORD)).deliveries == 0


async def test_a_discarded_delivery_is_kept_as_long_as_its_event(world: World) -> None:
    await discarded_one_of_two(world)
    await ForgetDeliveries(world.database, dt.timedelta(0))(TICK, "key")
    assert await world.states() == ["discarded"]
    assert (await world.replay.replay(RECORD, since=LONG_AGO, until=None)).deliveries == 1
    await world.drain()
    assert world.record.numbers == [2, 2]

    await ForgetDeliveries(world.database, dt.timedelta(0))(TICK, "key")
    await ForgetEvents(world.database, dt.timedelta(0))(TICK, "key")
    assert await world.states() == []
    assert await world.database.fetch_all(Statement(select(event_log)), {}) == []


async def discarded_one_of_two(world: World) -> None:
    """Discard the first of two deliveries, which was dead; the second one is done."""
    world.record.refused = {1}
    await world.happen(1, 2)
    await world.drain()
    await world.operations.discard(await world.dead_id(), reason="for good")
    await world.drain()
    world.record.refused = set()
    assert await world.states() == ["discarded", "done"]
    assert world.record.numbers == [2]
