"""Processes end, freeze, and are stopped; other processes finish their deliveries."""

from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Sent
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until


async def test_the_delivery_of_a_killed_process_is_taken_over_after_its_lease(
    shape: Shape, world: World
) -> None:
    await world.publish(Kept, "wait", "do")
    async with shape.victim() as killed:
        await until(lambda: len(world.folder.starts("probe.keep")) == 1)
        await killed.kill()
    await world.give_to("somebody:elsewhere:1")
    assert await world.states() == ["claimed"]
    assert await world.effects() == []

    await world.end_leases()
    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1]
    assert (await world.delivery())["attempts"] == 2


async def test_a_process_on_the_same_machine_takes_over_before_the_lease_ends(
    shape: Shape, world: World
) -> None:
    await world.publish(Kept, "wait", "do")
    async with shape.victim(event_lease_seconds=3600) as killed:
        await until(lambda: len(world.folder.starts("probe.keep")) == 1)
        await killed.kill()

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1]
    assert (await world.delivery())["attempts"] == 2


async def test_a_process_on_another_machine_waits_for_the_lease(shape: Shape, world: World) -> None:
    await world.publish(Kept, "wait", "do")
    async with shape.victim() as killed:
        await until(lambda: len(world.folder.starts("probe.keep")) == 1)
        await killed.kill()
    await world.give_to("somebody:elsewhere:1")
    other = await world.publish(Kept)
    async with shape.delivering():
        await until(lambda: world.is_done(other))

    assert await world.states() == ["claimed", "done"]


async def test_an_overtaken_worker_leaves_no_effect(shape: Shape, world: World) -> None:
    await world.publish(Kept)
    async with shape.victim(failpoint="before_run:wait") as late:
        await until(world.folder.is_reached)
        await world.end_leases()
        await shape.settle()
        assert await world.effects() == [1]

        world.folder.open_gate()
        await late.finish()

    assert await world.states() == ["done"]
    assert await world.effects() == [1]


async def test_a_clean_stop_returns_running_deliveries_without_an_attempt(
    shape: Shape, world: World
) -> None:
    await world.publish(Kept, "wait", "do")
    async with shape.victim() as stopped:
        await until(lambda: len(world.folder.starts("probe.keep")) == 1)
        await stopped.stop()
    given_back = await world.delivery()
    assert await world.states() == ["ready"]
    assert given_back["attempts"] == 0
    assert await world.effects() == []
    assert await world.attempts() == []

    await shape.settle()

    assert await world.effects() == [1]


async def test_a_clean_stop_returns_deliveries_of_external_handlers(
    shape: Shape, world: World
) -> None:
    await world.publish(Sent, "wait", "do")
    async with shape.victim() as stopped:
        await until(lambda: len(world.folder.starts("probe.send")) == 1)
        await stopped.stop()
    assert await world.states() == ["ready"]
    assert (await world.delivery())["attempts"] == 0

    await shape.settle()

    assert await world.states() == ["done"]


async def test_a_delivery_that_kills_each_process_becomes_dead(shape: Shape, world: World) -> None:
    stream = await world.publish(Kept, "exit")
    await world.publish(Kept, stream=stream)
    while (await world.deliveries())[0]["attempts"] < MAX_ATTEMPTS:
        async with shape.victim() as killed:
            await killed.ended()
        await world.end_leases()
    other = await world.publish(Kept)

    await shape.settle()

    first, behind, last = await world.states()
    assert (first, last) == ("dead", "done")
    assert behind in {"blocked", "held"}  # housekeeping changes it to held a moment later
    assert len(world.folder.starts("probe.keep")) == MAX_ATTEMPTS
    assert await world.effects() == await world.effects(other) == [1]
    dead, *_ = await world.deliveries()
    assert "never came to an end" in dead["last_error"]
