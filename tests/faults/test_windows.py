"""A process that ends in the very moment between two steps that belong together."""

import random
from collections.abc import Callable

import pytest

from tests.faults.storm import balance, storm
from tests.support.probe.world import World

DELIVERING = ("before_run", "before_ack", "before_commit", "before_promote")
PUBLISHING = ("before_publish", "before_wake")


@pytest.mark.parametrize("place", DELIVERING)
async def test_a_crash_while_delivering(
    world: World, dice: random.Random, rounds: Callable[[int], int], place: str
) -> None:
    async with storm(world, dice) as raging:
        await raging.begin("publish 1 4 0.05")
        for _ in range(rounds(1)):
            failpoint = f"{place}:exit:{dice.randrange(10)}"
            ending = await raging.begin("deliver", failpoint=failpoint)
            await ending.process.ended()
            raging.members.remove(ending)

    ledger = await balance(world)
    assert ledger.violations() == []
    assert ledger.effects != []


@pytest.mark.parametrize("place", PUBLISHING)
async def test_a_crash_while_publishing(
    world: World, dice: random.Random, rounds: Callable[[int], int], place: str
) -> None:
    async with storm(world, dice) as raging:
        for _ in range(rounds(1)):
            failpoint = f"{place}:exit:{10 + dice.randrange(10)}"
            ending = await raging.begin("deliver", "publish 1 4 0.05", failpoint=failpoint)
            await ending.process.ended()
            raging.members.remove(ending)

    ledger = await balance(world)
    assert ledger.violations() == []
    assert ledger.acknowledged != set()
    # Not always less: what crashed may have been a schedule's publication, which nobody waits for.
    assert ledger.acknowledged <= ledger.meant
