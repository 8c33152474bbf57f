"""The deliveries of one message are started together, and a few of them run at a time."""

import asyncio
import datetime as dt

import pytest

from app.container import ApplicationContainer
from tests.support.probe.module import Kept, Sent
from tests.support.probe.world import World, until

# Deliveries are claimed, but not sent: the tests hand the messages over.
pytestmark = pytest.mark.parametrize("broker", ["redis"], indirect=True)


async def claim(world: World, relay: ApplicationContainer) -> list[tuple[int, int]]:
    """Claim everything; return what the messages would contain."""
    await relay.engine().step()
    return [(row["id"], row["token"]) for row in await world.deliveries()]


async def test_a_second_copy_of_a_message_starts_nothing(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(10):
        await world.publish(Sent, "do")
    pairs = await claim(world, unheard_relay)

    copies = [world.container.delivery_batch().run(pairs) for _ in range(3)]
    await asyncio.gather(*copies)
    await world.container.delivery_batch().run(pairs)

    assert len(world.folder.sent()) == 10
    assert {row["attempts"] for row in await world.deliveries()} == {1}


async def test_a_delivery_that_was_sent_again_is_not_started_by_the_older_message(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    await world.publish(Kept)
    older = await claim(world, unheard_relay)
    await world.end_leases()
    await unheard_relay.engine().housekeeping.duties["leases"].work()
    newer = await claim(world, unheard_relay)

    await world.container.delivery_batch().run(older)
    assert await world.states() == ["claimed"]
    await world.container.delivery_batch().run(newer)
    assert await world.states() == ["done"]


async def test_waiting_deliveries_of_a_batch_keep_their_lease(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(6):
        await world.publish(Sent, "wait")
    running = asyncio.create_task(
        world.container.delivery_batch().run(await claim(world, unheard_relay))
    )
    await until(lambda: len(world.folder.starts("probe.send")) == 4)
    last = (await world.deliveries())[-1]

    async def has_longer() -> bool:
        row = (await world.deliveries())[-1]
        return bool(row["due_at"] >= last["due_at"] + dt.timedelta(seconds=1))

    await until(has_longer)
    world.folder.open_gate()
    await running

    assert await world.states() == ["done"] * 6
    assert {row["attempts"] for row in await world.deliveries()} == {1}


async def test_a_stopped_delivery_is_returned_without_an_attempt(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(6):
        await world.publish(Kept, "wait")
    world.container.runner().sizes.failed("probe.keep")  # so that each runs alone
    batch = world.container.delivery_batch()
    running = asyncio.create_task(batch.run(await claim(world, unheard_relay)))
    await until(lambda: len(world.folder.starts("probe.keep")) == 4)

    batch.stop()
    await asyncio.gather(running, return_exceptions=True)

    assert await world.states() == ["ready"] * 6
    assert {row["attempts"] for row in await world.deliveries()} == {0}


async def test_a_late_delivery_fails_and_the_waiting_ones_are_returned(
    world: World, unheard_relay: ApplicationContainer
) -> None:
    for _ in range(6):
        await world.publish(Kept, "wait")
    world.container.runner().sizes.failed("probe.keep")  # so that each runs alone
    batch = world.container.delivery_batch()
    running = asyncio.create_task(batch.run(await claim(world, unheard_relay)))
    await until(lambda: len(world.folder.starts("probe.keep")) == 4)

    batch.stop(is_late=True)
    await asyncio.gather(running, return_exceptions=True)

    assert [row["attempts"] for row in await world.deliveries()] == [1] * 4 + [0] * 2
    assert {row["error"] for row in await world.attempts()} == {"TimeoutError: over its time limit"}
