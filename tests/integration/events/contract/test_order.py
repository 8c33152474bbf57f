"""One handler gets the events of one aggregate in their order, whatever fails meanwhile."""

from tests.support.probe.module import Kept, Passed, Shared
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until


async def test_a_later_delivery_waits_for_a_failing_one(shape: Shape, world: World) -> None:
    stream = await world.publish(Kept, "retry", "do")
    await world.publish(Kept, stream=stream)
    await world.publish(Kept, stream=stream)
    async with shape.delivering():
        await until(lambda: world.are(["ready", "blocked", "blocked"]))
    first, *later = await world.deliveries()
    assert all(first["due_at"] > row["due_at"] for row in later)

    await shape.settle()

    assert await world.effects(stream) == [1, 2, 3]


async def test_other_streams_continue_during_a_failure(shape: Shape, world: World) -> None:
    failing = await world.publish(Kept, "retry", "do")
    await world.publish(Kept, stream=failing)
    other = await world.publish(Kept)
    async with shape.delivering():
        await until(lambda: world.are(["ready", "blocked", "done"]))

    assert await world.effects() == await world.effects(other) == [1]


async def test_many_streams_with_failures_keep_their_order(shape: Shape, world: World) -> None:
    acts = {2: ["fail", "do"], 5: ["fail", "fail", "do"], 6: ["retry", "do"]}
    streams = [await world.publish(Kept) for _ in range(6)]
    for version in range(2, 9):
        for stream in streams:
            await world.publish(Kept, *acts.get(version, []), stream=stream)

    await shape.settle()

    for stream in streams:
        assert await world.effects(stream) == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_an_event_published_during_a_delivery_of_its_stream_follows_it(
    shape: Shape, world: World
) -> None:
    stream = await world.publish(Shared)
    async with shape.delivering():
        for _ in range(30):
            await world.publish(Shared, stream=stream)
        await shape.settled()

    assert await world.effects(stream, "probe.share") == list(range(1, 32))
    assert await world.effects(stream, "probe.share_too") == list(range(1, 32))


# --- When all attempts have failed ----------------------------------------------------------------


async def test_a_dead_delivery_blocks_its_stream(shape: Shape, world: World) -> None:
    stream = await world.publish(Kept)
    await world.publish(Kept, "fail", stream=stream)
    await world.publish(Kept, stream=stream)
    other = await world.publish(Kept)

    await shape.settle()

    first, dead, behind, of_other = await world.states()
    assert (first, dead, of_other) == ("done", "dead", "done")
    assert behind in {"blocked", "held"}  # housekeeping changes it to held some seconds later
    assert await world.effects(stream) == [1]
    assert await world.effects(other) == [1]


async def test_a_dead_delivery_with_skip_does_not_block_its_stream(
    shape: Shape, world: World
) -> None:
    stream = await world.publish(Passed)
    await world.publish(Passed, "fail", stream=stream)
    await world.publish(Passed, stream=stream)

    await shape.settle()

    assert await world.states() == ["done", "dead", "done"]
    assert await world.effects(stream) == [1, 3]


async def test_a_stream_continues_in_order_after_a_retry_of_its_dead_delivery(
    shape: Shape, world: World
) -> None:
    stream = await world.publish(Kept, "fail", "fail", "fail", "do")
    await world.publish(Kept, stream=stream)
    await shape.settle()
    dead, _ = await world.deliveries()

    await world.container.operations().retry(dead["id"])
    await shape.settle()

    assert await world.effects(stream) == [1, 2]


# --- Backlogs -------------------------------------------------------------------------------------


async def test_the_backlog_of_one_stream_does_not_delay_another(shape: Shape, world: World) -> None:
    hot = await world.publish(Kept, "retry", "do")
    await world.publish(Kept, stream=hot, times=500)
    other = await world.publish(Kept)
    async with shape.delivering():
        await until(lambda: world.is_done(other))
        assert await world.effects(hot) == []


async def test_the_backlog_of_a_paused_handler_delays_no_other_and_keeps_its_order(
    shape: Shape, world: World
) -> None:
    await world.container.operations().pause("probe.keep")
    held = await world.publish(Kept)
    await world.publish(Kept, stream=held)
    other = await world.publish(Passed)
    async with shape.delivering():
        await until(lambda: world.is_done(other))
        assert await world.effects(held) == []

        await world.container.operations().resume("probe.keep")
        await shape.settled()

    assert await world.effects(held) == [1, 2]
