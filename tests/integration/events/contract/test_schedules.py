"""A missed tick of a schedule runs exactly once, in any of the processes."""

import asyncio
import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from app.shared.infrastructure.database.models import schedule_state
from app.shared.infrastructure.events.delivery.scheduler import Scheduler
from tests.support.probe.handlers import YEARLY, BeginTheYear
from tests.support.probe.shapes import Shape
from tests.support.probe.ticking import registry_of
from tests.support.probe.world import World

ZONE: Final = ZoneInfo("America/Sao_Paulo")


async def miss_ticks(world: World) -> int:
    """Start several schedulers after a break of four years; return the present year."""
    this_year = dt.datetime.now(ZONE).year
    away_since = dt.datetime(this_year - 4, 6, 1, tzinfo=dt.UTC)
    state = {"schedule": YEARLY, "settled_until": away_since, "times": f"0 0 1 1 * {ZONE.key}"}
    await world.execute(insert(schedule_state).values(state))
    registry = registry_of(world, BeginTheYear(world.folder))
    schedulers = [Scheduler(world.database, registry) for _ in range(3)]
    assert sum(await asyncio.gather(*(each.fire_due() for each in schedulers))) == 1
    return this_year


async def test_of_missed_ticks_the_latest_runs_once(shape: Shape, world: World) -> None:
    this_year = await miss_ticks(world)

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [this_year]


async def test_a_tick_whose_process_is_killed_is_run_by_another(shape: Shape, world: World) -> None:
    this_year = await miss_ticks(world)
    async with shape.victim(failpoint="before_ack:exit") as killed:
        await killed.ended()
    assert await world.effects() == []

    await world.end_leases()
    await shape.settle()

    assert await world.effects() == [this_year]
    # With Celery another process of the killed worker may have been killed too.
    assert (await world.delivery())["attempts"] >= 2
