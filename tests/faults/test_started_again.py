"""How soon what a killed process was at is begun again."""

import os
import random
import signal
import time
from functools import partial

from sqlalchemy import select

from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery
from tests.faults.conftest import LEASE_SECONDS, Account, Rounds
from tests.faults.storm import Storm, balance, storm
from tests.support.probe.module import Kept, effect
from tests.support.probe.world import World, until

# So long after the end of its lease, where nothing else runs: with the shortest lease, two seconds
# in all. Among other tests it may take longer, but not for as long as nobody looks.
LATEST_SECONDS = 1
LATEST_AMONG_OTHERS_SECONDS = 5


async def test_an_embedded_engine_begins_again_when_the_lease_ends(
    world: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    async with storm(world, dice) as raging:
        await raging.begin("deliver")
        await raging.begin("deliver")
        times = await kill_whoever_runs(world, raging, rounds)

    account("kill -9 in a handler", times, await balance(world))


async def test_celery_begins_again_when_the_lease_ends(
    on_broker: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    async with storm(on_broker, dice) as raging:
        await raging.begin("deliver")
        await raging.employ()
        times = await kill_whoever_runs(on_broker, raging, rounds)

    account("kill -9 in a handler", times, await balance(on_broker))


async def kill_whoever_runs(world: World, raging: Storm, rounds: Rounds) -> int:
    """Kill a process that is in its handler, so many times; return how many."""
    times = rounds(1, share=10)
    latest = LATEST_SECONDS if rounds(0) else LATEST_AMONG_OTHERS_SECONDS
    for before in range(times):
        lane = await world.publish(Kept, "wait", "do")
        await until(partial(has_begun, world, 2 * before + 1))
        victim = world.folder.starts("probe.keep")[-1]
        os.kill(victim, signal.SIGKILL)
        killed_at, left = time.monotonic(), await lease_left(world, lane)
        await until(partial(world.is_done, lane))

        assert left <= LEASE_SECONDS
        assert await effect_at(world, lane) - killed_at <= left + latest
        for member in [each for each in raging.members if each.process.pid == victim]:
            await raging.follow(member)
    return times


def has_begun(world: World, times: int) -> bool:
    return len(world.folder.starts("probe.keep")) == times


async def lease_left(world: World, lane: object) -> float:
    """Return for how many seconds nobody may take it, by the database's clock."""
    clock = select(event_delivery.c.due_at, database_time().label("now"))
    (row,) = await world.fetch(clock.where(event_delivery.c.lane == lane))
    left: float = (row["due_at"] - row["now"]).total_seconds()
    return left


async def effect_at(world: World, lane: object) -> float:
    """Return when the only effect came, as the process that had it noted by the machine's clock."""
    (row,) = await world.fetch(select(effect.c.at).where(effect.c.lane == lane))
    at: float = row["at"]
    return at
