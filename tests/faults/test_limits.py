"""The limits of handlers hold over several processes, also when processes are killed."""

import asyncio
import datetime as dt
import random

from sqlalchemy import func, select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from tests.faults.conftest import Rounds
from tests.faults.storm import storm
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
    seen = set[int]()

    async def watch() -> None:
        while True:
            seen.add((await world.fetch(CLAIMED))[0]["count"])
            await asyncio.sleep(0.002)

    async with storm(world, dice) as raging:
        watching = asyncio.create_task(watch())
        try:
            for _ in range(PROCESSES):
                await raging.begin("deliver")
            for _ in range(rounds(3, share=5)):
                for _ in range(20):
                    await world.publish(Bounded)
                await raging.last(0.5)
                await raging.kill(dice.choice(raging.members))
            await until(lambda: is_settled(world), patience=120)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    assert max(seen) == 2


async def test_in_any_second_no_more_start_than_the_rate_and_its_burst(
    world: World, rounds: Rounds, dice: random.Random
) -> None:
    count = rounds(20, share=2)
    for _ in range(count):
        await world.publish(Bounded)
    async with storm(world, dice) as raging:
        for _ in range(PROCESSES):
            await raging.begin("deliver")
        await until(lambda: is_settled(world), patience=60 + count)

    starts = sorted(row["due_set_at"] for row in await world.fetch(STARTS))
    assert len(starts) == count
    second = dt.timedelta(seconds=1)
    most = max(sum(begin <= each < begin + second for each in starts) for begin in starts)
    assert PER_SECOND <= most <= PER_SECOND + BURST
