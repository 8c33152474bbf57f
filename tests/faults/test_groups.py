"""Processes that end in the middle of a group: in its runs, its records or its commit."""

import random
from functools import partial

import pytest

from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.faults.conftest import Account, Rounds
from tests.faults.storm import Member, balance, storm
from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Shared
from tests.support.probe.shapes import is_settled
from tests.support.probe.world import World, until

MOST_OF_COMPANION = 2
STEPS = ("run", "finish", "commit", "promote")


async def has_ended(member: Member) -> bool:
    return not member.process.is_alive


@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_ends_in_a_step_of_a_group_loses_and_repeats_nothing(
    world: World, dice: random.Random, rounds: Rounds, account: Account, step: str
) -> None:
    times = rounds(1, share=4)
    for _ in range(times):
        streams = [await world.publish(Shared) for _ in range(40)]
        for stream in streams:
            await world.publish(Shared, stream=stream)
        async with storm(world, dice) as raging:
            passings = dice.randrange(20 if step == "run" else 3)
            place = f"group_before_{step}:exit:{passings}"
            member = await raging.begin("deliver", failpoint=place)
            await until(partial(has_ended, member))
            await raging.follow(member)
            await until(lambda: is_settled(world), patience=60)
    assert world.folder.crashes() == times

    account(f"exit before the {step} of a group", times, await balance(world))


async def test_a_poison_in_a_group_is_dead_after_its_attempts_and_its_companions_are_done(
    world: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    times = rounds(1, share=10)
    poisoned, companions = [], []
    for _ in range(times):
        companions += [await world.publish(Kept) for _ in range(30)]
        poisoned.append(await world.publish(Kept, "exit"))
        companions += [await world.publish(Kept) for _ in range(30)]
    # With one place, because runs in other places are lost with the process, too.
    async with storm(world, dice, event_concurrency=1) as raging:
        await raging.begin("deliver", failpoint="group_before_run:wait:1000000")  # large groups
        await raging.settle(patience=60 * times)

    account("poison in a group", times, await balance(world))
    rows = {row["stream_id"]: row for row in await world.deliveries()}
    for stream in poisoned:
        assert rows[stream]["state"] == DeliveryState.DEAD
        assert rows[stream]["attempts"] == MAX_ATTEMPTS
    assert all(rows[stream]["state"] == DeliveryState.DONE for stream in companions)
    attempts = {rows[stream]["attempts"] for stream in companions}
    assert max(attempts) == MOST_OF_COMPANION  # so some of them shared its group
