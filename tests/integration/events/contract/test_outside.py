"""Effects outside the database happen at least once, under a lease, with the same key each time."""

from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Sent
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until


async def test_a_repetition_has_the_same_key(shape: Shape, world: World) -> None:
    await world.publish(Sent, "fail", "do")
    await world.publish(Sent)

    await shape.settle()

    assert await world.states() == ["done", "done"]
    sent = world.folder.sent()
    first, second = [str(row["event_id"]) for row in await world.deliveries()]
    assert sorted(event for event, _ in sent) == sorted([first, first, second])
    keys = {event: {key for of, key in sent if of == event} for event in (first, second)}
    assert [len(keys[first]), len(keys[second])] == [1, 1]
    assert keys[first] != keys[second]


async def test_an_external_handler_is_dead_after_its_last_attempt(
    shape: Shape, world: World
) -> None:
    await world.publish(Sent, "fail")

    await shape.settle()

    assert await world.states() == ["dead"]
    assert len(world.folder.sent()) == MAX_ATTEMPTS


async def test_the_lease_is_extended_while_the_handler_runs(shape: Shape, world: World) -> None:
    await world.publish(Sent, "wait")
    async with shape.victim(event_lease_seconds=2):
        await until(lambda: len(world.folder.starts("probe.send")) == 1)
        ends = (await world.delivery())["due_at"]
        await until(lambda: world.is_due_after(ends))
        ends = (await world.delivery())["due_at"]
        await until(lambda: world.is_due_after(ends))
        world.folder.open_gate()
        await until(lambda: world.are(["done"]))

    assert len(world.folder.starts("probe.send")) == 1


async def test_a_worker_that_lost_the_delivery_does_not_finish_it(
    shape: Shape, world: World
) -> None:
    await world.publish(Sent, "wait", "retry")
    async with shape.victim() as late:
        await until(lambda: len(world.folder.starts("probe.send")) == 1)
        await world.end_leases()
        async with shape.delivering():
            await until(lambda: world.have_failed(1))
        said = await world.delivery()
        world.folder.open_gate()
        await late.finish()

    # The process that has it now said: again in an hour. The late one must not change that.
    assert await world.delivery() == said
    assert await world.states() == ["ready"]
    assert said["attempts"] == 2


async def test_no_transaction_is_open_while_an_external_handler_runs(
    shape: Shape, world: World
) -> None:
    await world.publish(Sent, "wait")
    async with shape.delivering():
        await until(lambda: len(world.folder.starts("probe.send")) == 1)
        other = await world.publish(Kept)
        await until(lambda: world.is_done(other))
        world.folder.open_gate()
        await shape.settled()

    assert await world.states() == ["done", "done"]
