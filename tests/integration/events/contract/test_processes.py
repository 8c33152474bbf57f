"""Processes end, freeze, and are stopped; what they did not finish is somebody else's."""

from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Sent
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until


async def test_what_a_killed_process_was_at_is_done_by_another_when_its_lease_ends(
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


async def test_whoever_is_here_and_sees_that_it_is_gone_does_not_wait_for_its_lease(
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


async def test_before_its_lease_ends_nobody_elsewhere_takes_it(shape: Shape, world: World) -> None:
    await world.publish(Kept, "wait", "do")
    async with shape.victim() as killed:
        await until(lambda: len(world.folder.starts("probe.keep")) == 1)
        await killed.kill()
    await world.give_to("somebody:elsewhere:1")
    other = await world.publish(Kept)
    async with shape.delivering():
        await until(lambda: world.is_done(other))

    assert await world.states() == ["claimed", "done"]


async def test_whoever_was_overtaken_leaves_no_effect(shape: Shape, world: World) -> None:
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


async def test_a_clean_stop_gives_back_what_was_begun_and_no_attempt_is_counted(
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


async def test_so_it_is_for_effects_outside(shape: Shape, world: World) -> None:
    await world.publish(Sent, "wait", "do")
    async with shape.victim() as stopped:
        await until(lambda: len(world.folder.starts("probe.send")) == 1)
        await stopped.stop()
    assert await world.states() == ["ready"]
    assert (await world.delivery())["attempts"] == 0

    await shape.settle()

    assert await world.states() == ["done"]


async def test_what_kills_each_process_that_tries_it_is_dead_in_the_end(
    shape: Shape, world: World
) -> None:
    stream = await world.publish(Kept, "exit")
    await world.publish(Kept, stream=stream)
    while (await world.deliveries())[0]["attempts"] < MAX_ATTEMPTS:
        async with shape.victim() as killed:
            await killed.ended()
        await world.end_leases()
    other = await world.publish(Kept)

    await shape.settle()

    assert await world.states() == ["dead", "blocked", "done"]
    assert len(world.folder.starts("probe.keep")) == MAX_ATTEMPTS
    assert await world.effects() == await world.effects(other) == [1]
    dead, *_ = await world.deliveries()
    assert "never came to an end" in dead["last_error"]
