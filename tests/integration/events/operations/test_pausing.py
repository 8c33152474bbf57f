import pytest

from app.shared.application.events import HandlerNotFound
from tests.integration.events.operations.world import RECORD, Other, World


async def test_a_paused_handler_runs_nothing_until_it_resumes_and_then_all_in_order(
    world: World,
) -> None:
    other = Other()
    world.add(other)
    thing = await world.happen(1, 2)
    await world.operations.pause(RECORD)
    await world.happen(3, to=thing)
    await world.drain()
    assert (world.record.numbers, other.numbers) == ([], [1, 2, 3])

    await world.operations.resume(RECORD)
    await world.drain()
    assert world.record.numbers == [1, 2, 3]


async def test_every_process_knows_that_a_handler_is_paused(world: World) -> None:
    await world.operations.pause(RECORD)
    await world.happen(1)
    await world.another_engine().drain()
    assert world.record.numbers == []


async def test_a_pause_changes_no_delivery(world: World) -> None:
    await world.happen(1)
    await world.operations.pause(RECORD)
    await world.happen(2)

    assert await world.engine.step() == 0
    await world.engine.housekeeping.once()
    assert await world.another_engine().step() == 0
    assert await world.states() == ["ready", "ready"]


async def test_a_retry_waits_while_its_handler_is_paused(world: World) -> None:
    world.record.refused = {1}
    await world.happen(1)
    await world.drain()
    await world.operations.pause(RECORD)
    world.record.refused = set()

    await world.operations.retry(await world.dead_id())
    await world.drain()
    assert world.record.numbers == []

    await world.operations.resume(RECORD)
    await world.drain()
    assert world.record.numbers == [1]


async def test_a_dead_delivery_still_blocks_its_stream_after_resume(world: World) -> None:
    world.record.refused = {1}
    await world.happen(1, 2)
    await world.drain()
    await world.operations.pause(RECORD)
    await world.operations.resume(RECORD)
    await world.drain()
    assert world.record.numbers == []
    assert await world.states() == ["dead", "held"]


async def test_pausing_and_resuming_twice_changes_nothing(world: World) -> None:
    await world.operations.pause(RECORD)
    await world.operations.pause(RECORD)
    (handler,) = await world.inspection.handlers()
    assert handler.paused_at is not None

    await world.operations.resume(RECORD)
    await world.operations.resume(RECORD)
    (handler,) = await world.inspection.handlers()
    assert handler.paused_at is None


async def test_only_a_handler_of_this_code_can_be_paused(world: World) -> None:
    with pytest.raises(HandlerNotFound):
        await world.operations.pause("test.never")
    with pytest.raises(HandlerNotFound):
        await world.operations.resume("test.never")
