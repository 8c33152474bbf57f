"""The limits of handlers hold over several processes, also when processes are killed."""

import asyncio
import datetime as dt
import random

from sqlalchemy import func, select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from tests.faults.conftest import Rounds
from tests.faults.storm import Storm
from tests.support.probe.module import Bounded
from tests.support.probe.shapes import is_settled
from tests.support.probe.world import World, until

PROCESSES = 4
NARROW, PACED = "probe.narrow", "probe.paced"
PER_SECOND, BURST = 5, 5

_this = event_delivery.c
CLAIMED = select(func.count().label("count")).where(
    is_just(_this.state, DeliveryState.CLAIMED), _this.handler == NARROW
)
STARTS = select(_this.due_set_at).where(
    is_just(_this.state, DeliveryState.DONE), _this.handler == PACED
)
"""When each was claimed, by the database's clock: nothing is written there afterwards."""


async def test_never_three_run_under_a_lease_where_two_may_everywhere(
    world: World, rounds: Rounds, dice: random.Random
) -> None:
    storm, seen = Storm(world, dice, {}), set[int]()

    async def watch() -> None:
        while True:
            seen.add((await world.fetch(CLAIMED))[0]["count"])
            await asyncio.sleep(0.002)

    watching = asyncio.create_task(watch())
    try:
        for _ in range(PROCESSES):
            await storm.begin("deliver")
        for _ in range(rounds(3, share=5)):
            for _ in range(20):
                await world.publish(Bounded)
            await storm.last(0.5)
            await storm.kill(dice.choice(storm.members))
        await until(lambda: is_settled(world), patience=120)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await storm.end()

    assert max(seen) == 2


async def test_in_any_second_no_more_start_than_the_rate_and_its_burst(
    world: World, rounds: Rounds, dice: random.Random
) -> None:
    storm, count = Storm(world, dice, {}), rounds(20, share=2)
    for _ in range(count):
        await world.publish(Bounded)
    try:
        for _ in range(PROCESSES):
            await storm.begin("deliver")
        await until(lambda: is_settled(world), patience=60 + count)
    finally:
        await storm.end()

    starts = sorted(row["due_set_at"] for row in await world.fetch(STARTS))
    assert len(starts) == count
    second = dt.timedelta(seconds=1)
    most = max(sum(begin <= each < begin + second for each in starts) for begin in starts)
    assert PER_SECOND <= most <= PER_SECOND + BURST
