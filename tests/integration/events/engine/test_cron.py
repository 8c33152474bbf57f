"""Schedules by the calendar: each tick once and in order, also after restarts and releases."""

import asyncio
import datetime as dt
from itertools import takewhile
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.core.schedules import cron, every
from app.core.timetables import Cron
from app.shared.infrastructure.database.models import event_log, schedule_state
from app.shared.infrastructure.events.delivery.scheduler import Scheduler
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.ticking import Clocked, Listener, registry_of, set_state, ticks
from tests.support.probe.world import World

ID: Final = "probe.each_morning"
SAO_PAULO: Final = "America/Sao_Paulo"
DAY, HOUR, SECOND = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(seconds=1)
SIX: Final = dt.datetime(2026, 6, 4, 9, 0, tzinfo=dt.UTC)  # a Thursday, at six in São Paulo


class Service:
    """A scheduler that may be started again with other code."""

    def __init__(self, world: World, now: dt.datetime) -> None:
        self.world, self.database = world, Clocked(world.database, now)

    def start(self, expression: str = "0 6 * * *", *, tz: str = SAO_PAULO, **policy: Any) -> None:
        self._run(cron(expression, tz=tz, id=ID, **policy))

    def start_every(self, interval: dt.timedelta) -> None:
        self._run(every(interval, id=ID))

    def _run(self, decorator: Any) -> None:
        handler = decorator(type("Handler", (Listener,), {}))()
        self.scheduler = Scheduler(self.database, registry_of(self.world, handler))

    async def look(self, now: dt.datetime, *, until_done: bool = True) -> int:
        """Fire what is due, and run it."""
        self.database.now = now
        fired = await self.scheduler.fire_due()
        if until_done:
            await set_state(self.world, DeliveryState.DONE)
        return fired

    async def ticks(self) -> list[dt.datetime]:
        return await ticks(self.world)


@pytest.fixture
async def service(world: World) -> Service:
    """A service that was started an hour before six, and had nothing to do."""
    service = Service(world, SIX - HOUR)
    service.start()
    assert await service.look(SIX - HOUR) == 0
    return service


async def test_the_first_start_fires_nothing_of_the_past(world: World) -> None:
    service = Service(world, SIX + HOUR)
    service.start()
    assert await service.look(SIX + HOUR) == 0
    assert await service.look(SIX + DAY) == 1
    assert await service.ticks() == [SIX + DAY]


async def test_a_tick_is_fired_at_its_time_and_not_before(service: Service) -> None:
    fired = [await service.look(SIX + n * SECOND) for n in (-1, 0, 1, 2)]
    assert fired == [0, 1, 0, 0]


async def test_of_three_schedulers_one_fires_a_tick(service: Service) -> None:
    schedulers = [service.scheduler]
    for _ in range(2):
        service.start()
        schedulers.append(service.scheduler)
    service.database.now = SIX
    fired = await asyncio.gather(*(each.fire_due() for each in schedulers))
    assert sum(fired) == 1
    assert await service.ticks() == [SIX]


# --- Missed ticks ---------------------------------------------------------------------------------


async def test_of_missed_ticks_the_latest_is_fired_and_says_how_late_it_is(world: World) -> None:
    service = Service(world, SIX)
    service.start()
    await service.look(SIX)
    service.start()

    assert await service.look(SIX + 400 * DAY + 7 * HOUR) == 1
    assert await service.ticks() == [SIX + 400 * DAY]
    [row] = await world.fetch(event_log.select())
    assert row["payload"]["late_by"] == "PT7H"


async def test_all_missed_ticks_are_fired_in_order(service: Service) -> None:
    service.start(catch_up="all", overlap="queue")
    while await service.look(SIX + 149 * DAY, until_done=False):
        pass
    assert await service.ticks() == [SIX + n * DAY for n in range(150)]


async def test_missed_ticks_are_left_out_for_good_where_none_is_wanted(service: Service) -> None:
    service.start(catch_up="none")
    assert await service.look(SIX + 3 * DAY + HOUR) == 0
    service.start(catch_up="all")
    assert await service.look(SIX + 4 * DAY) == 1
    assert await service.ticks() == [SIX + 4 * DAY]


async def test_a_tick_is_left_out_that_is_later_than_its_deadline(service: Service) -> None:
    service.start(deadline=HOUR)
    assert await service.look(SIX + 2 * HOUR) == 0
    assert await service.look(SIX + DAY + HOUR / 2) == 1


# --- One at a time --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [DeliveryState.READY, DeliveryState.CLAIMED])
async def test_no_tick_is_fired_while_an_earlier_one_waits_or_runs(
    service: Service, state: DeliveryState
) -> None:
    await service.look(SIX, until_done=False)
    await set_state(service.world, state)
    assert await service.look(SIX + DAY, until_done=False) == 0
    service.start()
    assert await service.look(SIX + DAY + HOUR) == 0

    assert await service.look(SIX + DAY + 2 * HOUR) == 1
    assert await service.ticks() == [SIX, SIX + DAY]


async def test_ticks_queue_where_that_is_wanted(service: Service) -> None:
    service.start(overlap="queue")
    for day in range(3):
        assert await service.look(SIX + day * DAY, until_done=False) == 1


# --- Restarts -------------------------------------------------------------------------------------

lives = st.lists(
    st.tuples(
        st.sampled_from(["look", "look", "start again", "another one looks"]),
        st.timedeltas(dt.timedelta(), dt.timedelta(minutes=50)),
    ),
    max_size=30,
)


@pytest.mark.parametrize("catch_up", ["all", "latest"])
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    begin=st.sampled_from(
        [
            dt.datetime(2018, 11, 4, 2, tzinfo=dt.UTC),  # São Paulo's gap
            dt.datetime(2018, 2, 18, 1, tzinfo=dt.UTC),  # and its repeated hour
        ]
    ),
    expression=st.sampled_from(["*/7 * * * *", "0 * * * *", "15,45 0,1,2,23 * * *"]),
    life=lives,
)
async def test_each_tick_is_fired_once_and_in_order_however_often_the_service_is_restarted(
    world: World, catch_up: Any, begin: dt.datetime, expression: str, life: list[Any]
) -> None:
    await world.execute(delete(event_log))
    await world.execute(delete(schedule_state))
    services = [Service(world, begin), Service(world, begin)]
    for each in services:
        each.start(expression, catch_up=catch_up)
        await each.look(begin)
    now = begin
    for what, length in life:
        now += length
        if what == "start again":
            services[0].start(expression, catch_up=catch_up)
        else:
            await services[what == "another one looks"].look(now)
    while await services[0].look(now):
        pass

    due = list(takewhile(lambda time: time <= now, Cron(expression, SAO_PAULO).after(begin)))
    fired = await ticks(world)
    if catch_up == "all":
        assert fired == due
    else:
        assert fired == sorted(set(fired) & set(due))
        assert fired[-1:] == due[-1:]


# --- A release that changes the schedule ----------------------------------------------------------


async def test_a_new_expression_fires_nothing_of_the_time_before_it(service: Service) -> None:
    await service.look(SIX)
    service.start("0 8 * * *")
    assert await service.look(SIX + 4 * HOUR) == 0
    assert await service.look(SIX + DAY) == 0
    assert await service.look(SIX + DAY + 2 * HOUR) == 1
    assert await service.ticks() == [SIX, SIX + DAY + 2 * HOUR]


async def test_a_tick_of_the_old_expression_that_was_missed_is_still_fired(
    service: Service,
) -> None:
    service.start("0 8 * * *")
    assert await service.look(SIX + HOUR) == 1
    assert await service.look(SIX + 2 * HOUR) == 1
    assert await service.ticks() == [SIX, SIX + 2 * HOUR]


async def test_all_missed_ticks_of_the_old_expression_are_fired_however_many(
    service: Service,
) -> None:
    service.start("0 8 * * *", catch_up="all")
    while await service.look(SIX + 149 * DAY):
        pass
    assert await service.ticks() == [SIX + n * DAY for n in range(150)]


async def test_a_tick_that_both_expressions_have_is_fired_once(service: Service) -> None:
    service.start("0 6 * * 1-5")
    assert await service.look(SIX + SECOND) == 1
    service.start("0 6 * * *")
    assert await service.look(SIX + 2 * SECOND) == 0
    assert await service.look(SIX + DAY) == 1


async def test_another_zone_counts_from_the_release_that_brings_it(service: Service) -> None:
    await service.look(SIX)
    service.start(tz="UTC")
    assert await service.look(SIX + HOUR) == 0
    assert await service.look(SIX + DAY - 3 * HOUR) == 1


async def test_releases_that_run_side_by_side_fire_a_tick_of_both_once(service: Service) -> None:
    old = service.scheduler
    service.start("0 6 * * 1-5")
    fired = 0
    for second in range(-5, 5):
        fired += await service.look(SIX + second * SECOND)
        fired += await old.fire_due()
    assert fired == 1


async def test_an_interval_that_becomes_a_time_of_the_day_fires_nothing_of_the_past(
    world: World,
) -> None:
    service = Service(world, SIX)
    service.start_every(HOUR)
    assert await service.look(SIX + HOUR / 2) == 1
    service.start("0 7 * * *")
    assert await service.look(SIX + 2 * HOUR) == 0
    assert await service.look(SIX + HOUR + DAY) == 1


# --- Clocks of the database -----------------------------------------------------------------------


async def test_a_clock_that_goes_back_fires_nothing_again(service: Service) -> None:
    for now in (SIX, SIX - SECOND, SIX, SIX - HOUR, SIX + HOUR):
        await service.look(now)
        service.start()
    assert await service.ticks() == [SIX]


async def test_a_tick_that_the_log_has_already_does_not_hold_up_the_ones_after_it(
    service: Service,
) -> None:
    service.start(catch_up="all")
    await service.look(SIX)
    await service.look(SIX - HOUR)
    assert await service.look(SIX + DAY) == 1
    assert await service.ticks() == [SIX, SIX + DAY]


async def test_a_clock_that_was_ahead_by_a_year_stops_no_tick(service: Service) -> None:
    await service.look(SIX + 365 * DAY)
    assert await service.look(SIX + HOUR) == 0
    assert await service.look(SIX + DAY) == 1


async def test_a_tick_that_the_log_has_forgotten_is_not_fired_again(service: Service) -> None:
    await service.look(SIX)
    await service.world.execute(delete(event_log))
    service.start()
    assert await service.look(SIX + HOUR) == 0
