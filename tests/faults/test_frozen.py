"""A process that stands still for longer than its leases last, and then goes on."""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.faults.conftest import LEASE_SECONDS
from tests.faults.storm import balance, storm
from tests.support.probe.module import Shared
from tests.support.probe.world import World, until

LONGER_SECONDS = 1.5 * LEASE_SECONDS


async def test_a_process_that_is_frozen_under_load(
    world: World, dice: random.Random, rounds: Callable[[int], int]
) -> None:
    async with storm(world, dice) as raging:
        await raging.begin("publish 1 4 0.05")
        frozen = [await raging.begin("deliver"), await raging.begin("deliver")]
        for _ in range(rounds(1)):
            await raging.last(0.3)
            process = dice.choice(frozen).process
            process.freeze()
            await asyncio.sleep(LONGER_SECONDS)
            process.thaw()

    assert (await balance(world)).violations() == []


@pytest.mark.parametrize("place", ["before_run", "before_ack", "before_commit"])
async def test_a_process_that_freezes_in_a_window(
    world: World, dice: random.Random, place: str
) -> None:
    for _ in range(4):
        await world.publish(Shared)
    async with storm(world, dice) as raging:
        frozen = await raging.begin("deliver", failpoint=f"{place}:freeze:{dice.randrange(4)}")
        await until(world.folder.is_reached)
        await raging.begin("deliver")
        await asyncio.sleep(LONGER_SECONDS)
        frozen.process.thaw()
        await frozen.process.finish()

    ledger = await balance(world)
    assert ledger.violations() == []
    assert len(ledger.effects) == 8
