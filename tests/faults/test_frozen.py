"""A process that is frozen for longer than its leases last, and then continues."""

import asyncio
import random

import pytest

from tests.faults.conftest import LEASE_SECONDS, Account, Rounds
from tests.faults.storm import balance, storm
from tests.support.probe.module import Shared
from tests.support.probe.world import World, until

LONGER_SECONDS = 1.5 * LEASE_SECONDS


async def test_a_process_that_is_frozen_under_load(
    world: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    times = rounds(1, share=10)
    async with storm(world, dice) as raging:
        await raging.begin("publish 1 4 0.05")
        frozen = [await raging.begin("deliver"), await raging.begin("deliver")]
        for _ in range(times):
            await raging.last(0.3)
            process = dice.choice(frozen).process
            process.freeze()
            await asyncio.sleep(LONGER_SECONDS)
            process.thaw()

    account("SIGSTOP for longer than the lease", times, await balance(world))


@pytest.mark.parametrize("place", ["before_run", "before_ack", "before_commit"])
async def test_a_process_that_freezes_in_a_window(
    world: World, dice: random.Random, account: Account, place: str
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
    account("SIGSTOP in each window", 1, ledger)
    assert len(ledger.effects) == 8
