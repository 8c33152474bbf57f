"""One stream with a long backlog hardly slows down the others."""

from tests.support.probe.module import Kept
from tests.support.probe.world import World, until


async def test_a_stream_is_blocked_as_a_whole(world: World) -> None:
    hot = await world.publish(Kept, "retry")
    await world.publish(Kept, stream=hot, times=1_000)
    others = [await world.publish(Kept) for _ in range(4)]
    engine, executor = world.container.engine(), world.container.executor()
    for _ in range(3):  # finds the stream; finds the others; has no more places
        await engine.step()
        await executor.finish()

    for other in others:
        assert await world.is_done(other)
    states = await world.states()
    assert states[:1] + states[1:1001] == ["ready"] + ["blocked"] * 1_000


async def test_a_blocked_stream_is_unblocked_one_by_one(world: World) -> None:
    hot = await world.publish(Kept, times=200)
    async with world.container.engine().running():
        await until(lambda: world.is_done(hot))

    events = await world.deliveries()
    assert [row["attempts"] for row in events] == [1] * 200
