"""`kill -9` of any process that works."""

import random

import pytest

from tests.faults.conftest import Account, Rounds
from tests.faults.storm import MANY_STREAMS, balance, storm
from tests.support.probe.world import World, until

WATCHDOG_SECONDS = 3  # after which a worker that receives nothing ends itself


@pytest.mark.parametrize("victim", ["API", "worker"])
async def test_a_process_that_is_killed_under_load_loses_and_repeats_nothing(
    world: World,
    dice: random.Random,
    rounds: Rounds,
    account: Account,
    victim: str,
) -> None:
    kills = rounds(3)
    async with storm(world, dice) as raging:
        workers = [await raging.begin("deliver") for _ in range(2)]
        await raging.begin("publish 1 2 0.05")
        api = [await raging.begin("deliver", "publish 2 2 0.05")]
        victims = api if victim == "API" else workers
        for _ in range(kills):
            await raging.last(0.4)
            member = dice.choice(victims)
            victims[victims.index(member)] = await raging.kill(member)
        await until(lambda: world.folder.read_book().count("durable") > 50)

    account(f"kill -9 of {victim}", kills, await balance(world))


@pytest.mark.parametrize("victim", ["relay", "child", "group"])
async def test_whatever_is_killed_of_celery_under_load_loses_and_repeats_nothing(
    on_broker: World,
    dice: random.Random,
    rounds: Rounds,
    account: Account,
    victim: str,
) -> None:
    kills = rounds(2)
    async with storm(on_broker, dice) as raging:
        await raging.begin(MANY_STREAMS)
        relay = await raging.begin("deliver")
        group = await raging.employ(event_watchdog_seconds=WATCHDOG_SECONDS)
        for _ in range(kills):
            await raging.last(0.4)
            if victim == "relay":
                relay = await raging.kill(relay)
            elif victim == "group":
                group = await raging.kill_group(group)
            else:
                group = await raging.kill_forked(group)
        await until(lambda: on_broker.folder.read_book().count("durable") > 20)

    account(f"kill -9 of Celery's {victim}", kills, await balance(on_broker))
