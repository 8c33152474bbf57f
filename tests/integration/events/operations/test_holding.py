"""Deliveries behind a dead one are held, until somebody retries or discards that one."""

from app.shared.infrastructure.events.delivery import unblocking
from tests.integration.events.operations.world import RECORD, Thing, World


async def fail_the_first(world: World, count: int) -> Thing:
    """Publish events of one thing; then the first delivery is dead, and the others are held."""
    world.record.refused = {1}
    thing = await world.happen(*range(1, count + 1))
    await world.drain()
    await world.engine.housekeeping.once()
    assert await world.states() == ["dead", *["held"] * (count - 1)]
    world.record.refused = set()
    return thing


async def test_the_sweep_does_not_meet_what_is_held(world: World) -> None:
    await fail_the_first(world, 3)
    row = await world.database.fetch_one(unblocking.NEXT_HANDLER, {"after_handler": ""})
    assert row is not None
    assert row["id"] is None


async def test_a_retry_frees_the_stream_in_order(world: World) -> None:
    await fail_the_first(world, 4)
    await world.operations.retry(await world.dead_id())
    await world.drain()
    assert world.record.numbers == [1, 2, 3, 4]


async def test_a_discard_frees_the_stream_in_order(world: World) -> None:
    await fail_the_first(world, 4)
    await world.operations.discard(await world.dead_id(), reason="in vain")
    await world.drain()
    assert world.record.numbers == [2, 3, 4]


async def test_a_retry_of_all_frees_every_stream(world: World) -> None:
    for _ in range(3):
        await fail_the_first_of_another(world)
    await world.operations.retry_all(RECORD)
    await world.drain()
    assert await world.states() == ["done"] * 9


async def fail_the_first_of_another(world: World) -> None:
    world.record.refused = {1}
    await world.happen(1, 2, 3)
    await world.drain()
    await world.engine.housekeeping.once()
    world.record.refused = set()


async def test_what_is_published_behind_a_dead_delivery_is_held_too(world: World) -> None:
    thing = await fail_the_first(world, 2)
    await world.happen(3, to=thing)
    await world.drain()
    await world.engine.housekeeping.once()
    assert await world.states() == ["dead", "held", "held"]


async def test_a_held_delivery_can_be_discarded(world: World) -> None:
    await fail_the_first(world, 3)
    await world.operations.discard((await world.ids())[1], reason="in vain")
    await world.operations.retry(await world.dead_id())
    await world.drain()
    assert world.record.numbers == [1, 3]


async def test_the_backlog_counts_what_is_held_and_what_holds_it(world: World) -> None:
    await fail_the_first(world, 3)
    (lag,) = await world.backlog.lag()
    assert (lag.dead, lag.held, lag.blocked, lag.blocked_streams) == (1, 2, 0, 1)
    (stream,) = await world.backlog.streams()
    assert (stream.waiting, stream.behind) == (2, await world.dead_id())
    detail = await world.inspection.show(await world.dead_id())
    assert (detail.blocks, len(detail.first_blocked)) == (2, 2)
