"""Processes that end exactly between two steps that belong together."""

import random
from functools import partial

import pytest

from tests.faults.conftest import Account, Rounds
from tests.faults.storm import MANY_STREAMS, balance, storm
from tests.support.probe.world import World, until

DELIVERING = ("before_run", "before_ack", "before_commit", "before_promote")
PUBLISHING = ("before_publish", "before_wake")
SENDING = ("before_send", "between_sends")
RECEIVING = ("before_start", "before_run", "before_ack", "before_commit", "before_broker_ack")


@pytest.mark.parametrize("place", DELIVERING)
async def test_a_crash_while_delivering(
    world: World, dice: random.Random, rounds: Rounds, account: Account, place: str
) -> None:
    crashes = rounds(1, share=4)
    async with storm(world, dice) as raging:
        await raging.begin("publish 1 4 0.05")
        for _ in range(crashes):
            failpoint = f"{place}:exit:{dice.randrange(10)}"
            ending = await raging.begin("deliver", failpoint=failpoint)
            await ending.process.ended()
            raging.members.remove(ending)

    account(f"crash {place}", crashes, await balance(world))


@pytest.mark.parametrize("place", PUBLISHING)
async def test_a_crash_while_publishing(
    world: World, dice: random.Random, rounds: Rounds, account: Account, place: str
) -> None:
    crashes = rounds(1, share=4)
    async with storm(world, dice) as raging:
        for _ in range(crashes):
            failpoint = f"{place}:exit:{10 + dice.randrange(10)}"
            ending = await raging.begin("deliver", "publish 1 4 0.05", failpoint=failpoint)
            await ending.process.ended()
            raging.members.remove(ending)

    ledger = await balance(world)
    account(f"crash {place}", crashes, ledger)
    assert ledger.acknowledged != set()
    # Not always fewer: the process may have ended while it published for a schedule.
    assert ledger.acknowledged <= ledger.meant


@pytest.mark.parametrize("place", SENDING)
async def test_a_crash_of_a_relay(
    on_broker: World, dice: random.Random, rounds: Rounds, account: Account, place: str
) -> None:
    crashes = rounds(1, share=4)
    async with storm(on_broker, dice) as raging:
        await raging.employ()
        await raging.begin(MANY_STREAMS)
        for _ in range(crashes):
            failpoint = f"{place}:exit:{dice.randrange(10)}"
            ending = await raging.begin("deliver", failpoint=failpoint)
            await ending.process.ended()
            raging.members.remove(ending)

    account(f"crash of the relay {place}", crashes, await balance(on_broker))


async def test_a_crash_of_what_celery_forked(
    on_broker: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    """All processes that one worker forks end in the same window, so each window has its worker.

    A worker takes long to start, so the short form chooses one of the windows.
    """
    crashes, windows = rounds(1, share=4), dice.sample(RECEIVING, min(rounds(1), len(RECEIVING)))
    async with storm(on_broker, dice) as raging:
        await raging.begin(MANY_STREAMS)
        await raging.begin("deliver")
        for n, place in enumerate(windows, start=1):
            ending = await raging.employ(failpoint=f"{place}:exit:{dice.randrange(4)}")
            await until(partial(has_crashed, on_broker, n * crashes), patience=10 + 10 * crashes)
            await raging.dismiss(ending)

    account("crash in a window of Celery's child", len(windows) * crashes, await balance(on_broker))


def has_crashed(world: World, times: int) -> bool:
    return world.folder.crashes() >= times
