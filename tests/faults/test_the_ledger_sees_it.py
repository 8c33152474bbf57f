"""Tests of the ledger: if a safeguard of the engine is removed, it finds the violation."""

import asyncio
import random

import pytest

from tests.faults.conftest import LEASE_SECONDS
from tests.faults.storm import balance, storm
from tests.support.probe.module import Kept
from tests.support.probe.world import World, until


@pytest.mark.parametrize(("sabotage", "seen"), [("", ""), ("transaction", "2 effects")])
async def test_an_effect_that_is_committed_by_itself(
    world: World, dice: random.Random, sabotage: str, seen: str
) -> None:
    await world.publish(Kept)
    async with storm(world, dice) as raging:
        ending = await raging.begin("deliver", failpoint="before_ack:exit", sabotage=sabotage)
        await ending.process.ended()

    assert_seen((await balance(world)).violations(), seen)


@pytest.mark.parametrize(("sabotage", "seen"), [("", ""), ("fence", "2 effects")])
async def test_an_effect_of_somebody_who_was_overtaken(
    world: World, dice: random.Random, sabotage: str, seen: str
) -> None:
    stream = await world.publish(Kept)
    async with storm(world, dice) as raging:
        late = await raging.begin("deliver", failpoint="before_run:freeze", sabotage=sabotage)
        await until(world.folder.is_reached)
        await asyncio.sleep(LEASE_SECONDS)
        await raging.begin("deliver")
        await until(lambda: world.is_done(stream))
        late.process.thaw()
        await late.process.finish()

    assert_seen((await balance(world)).violations(), seen)


@pytest.mark.parametrize(("sabotage", "seen"), [("", ""), ("order", "out of order")])
async def test_an_effect_that_overtook_another(
    world: World, dice: random.Random, sabotage: str, seen: str
) -> None:
    stream = await world.publish(Kept, "retry", "do")
    await world.publish(Kept, stream=stream)
    other = await world.publish(Kept)
    async with storm(world, dice) as raging:
        delivering = await raging.begin("deliver", sabotage=sabotage)
        await until(lambda: world.is_done(other))
        await until(lambda: world.have_failed(1))
        await delivering.process.finish()

    assert_seen((await balance(world)).violations(), seen)


def assert_seen(violations: list[str], seen: str) -> None:
    """Assert that the ledger found nothing, or only the expected violation."""
    assert [violation.partition(":")[0] for violation in violations] == ([seen] if seen else [])
