"""How soon deliveries of a killed process are started again."""

import os
import random
import signal
import time
from functools import partial

from sqlalchemy import select

from tests.faults.conftest import LEASE_SECONDS, Account, Rounds
from tests.faults.storm import Storm, balance, storm
from tests.support.probe.module import Kept, effect
from tests.support.probe.world import World, until

LONG_LEASE_SECONDS = 60  # the default
EMBEDDED_SECONDS = 2
CELERY_SECONDS = LEASE_SECONDS + 1
AMONG_OTHERS_SECONDS = 10  # other tests run too, and a lease is longer


async def test_an_embedded_engine_begins_again_long_before_the_lease_ends(
    world: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    async with storm(world, dice, event_lease_seconds=LONG_LEASE_SECONDS) as raging:
        await raging.begin("deliver")
        await raging.begin("deliver")
        times = await kill_whoever_runs(world, raging, rounds, within=EMBEDDED_SECONDS)

    account("kill -9 in a handler", times, await balance(world))


async def test_celery_begins_again_at_the_latest_when_the_lease_ends(
    on_broker: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    async with storm(on_broker, dice) as raging:
        await raging.begin("deliver")
        await raging.employ()
        times = await kill_whoever_runs(on_broker, raging, rounds, within=CELERY_SECONDS)

    account("kill -9 in a handler", times, await balance(on_broker))


async def kill_whoever_runs(world: World, raging: Storm, rounds: Rounds, *, within: float) -> int:
    """Kill processes while they run the handler, so many times; return how many were killed."""
    times = rounds(1, share=10)
    latest = within if rounds(0) else AMONG_OTHERS_SECONDS
    for before in range(times):
        stream = await world.publish(Kept, "wait", "do")
        await until(partial(has_begun, world, 2 * before + 1))
        victim = world.folder.starts("probe.keep")[-1]
        os.kill(victim, signal.SIGKILL)
        killed_at = time.monotonic()
        await until(partial(world.is_done, stream))

        assert await effect_at(world, stream) - killed_at <= latest
        for member in [each for each in raging.members if each.process.pid == victim]:
            await raging.follow(member)
    return times


def has_begun(world: World, times: int) -> bool:
    return len(world.folder.starts("probe.keep")) == times


async def effect_at(world: World, stream: object) -> float:
    """Return when the only effect happened, by the machine's clock."""
    (row,) = await world.fetch(select(effect.c.at).where(effect.c.stream_id == stream))
    at: float = row["at"]
    return at
