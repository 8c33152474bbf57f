"""Events that no attempt can handle: they become dead letters, and other deliveries continue."""

import random

from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.faults.conftest import Account, Rounds
from tests.faults.storm import balance, storm
from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Hurried, Kept
from tests.support.probe.world import World

POISON = ((Kept, "fail"), (Kept, "exit"), (Hurried, "hang"))


async def test_what_raises_what_exits_and_what_never_returns(
    world: World, dice: random.Random, rounds: Rounds, account: Account
) -> None:
    poisoned, times = [], rounds(1, share=10)
    for _ in range(times):
        poisoned += [await world.publish(kind, act) for kind, act in POISON]
    for stream in poisoned:
        await world.publish(Kept, stream=stream)
    sound = [await world.publish(Kept) for _ in range(20)]
    async with storm(world, dice) as raging:
        await raging.begin("deliver")
        await raging.begin("deliver")
        await raging.settle(patience=60 * times)

    ledger = await balance(world)
    account("poison that raises, exits, never returns", times, ledger)
    dead = [row for row in await world.deliveries() if row["state"] == DeliveryState.DEAD]
    assert {row["stream_id"] for row in dead} == set(poisoned)
    assert {row["attempts"] for row in dead} == {MAX_ATTEMPTS}
    assert all(row["last_error"] for row in dead)
    for stream in sound:
        assert await world.is_done(stream)
