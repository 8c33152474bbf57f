"""`kill -9` of whatever is at work."""

import random
from collections.abc import Callable

from tests.faults.storm import balance, storm
from tests.support.probe.world import World, until


async def test_a_process_that_is_killed_under_load_loses_and_repeats_nothing(
    world: World, dice: random.Random, rounds: Callable[[int], int]
) -> None:
    async with storm(world, dice) as raging:
        await raging.begin("deliver")
        await raging.begin("deliver")
        await raging.begin("publish 1 4")
        await raging.begin("deliver", "publish 2 4")
        for _ in range(rounds(5)):
            await raging.last(0.4)
            await raging.kill_one()
        await until(lambda: world.folder.read_book().count("durable") > 50)

    ledger = await balance(world)
    assert ledger.violations() == []
    assert len(ledger.acknowledged) > 50
