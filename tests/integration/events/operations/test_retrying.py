import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.shared.application.events import DeliveryNotDead, DeliveryNotFound, HandlerNotFound
from tests.integration.events.operations.world import LONG_AGO, OTHER, RECORD, RENAME, Other, World


async def test_a_retried_delivery_unblocks_its_stream_in_order(
    world: World,
) -> None:
    world.record.refused = {2}
    await world.happen(1, 2, 3, 4)
    await world.drain()
    assert await world.states() == ["done", "dead", "blocked", "blocked"]

    world.record.refused = set()
    await world.operations.retry(await world.dead_id())
    await world.drain()

    assert world.record.numbers == [1, 2, 3, 4]
    assert await world.states() == ["done"] * 4


async def test_a_retried_delivery_has_all_attempts_again_and_keeps_old_errors(
    world: World,
) -> None:
    world.record.refused = {1}
    await world.happen(1)
    await world.drain()
    dead = await world.dead_id()

    await world.operations.retry(dead)
    assert (await world.inspection.show(dead)).delivery.attempts == 0
    await world.drain()

    shown = await world.inspection.show(dead)
    assert (shown.delivery.state, shown.delivery.attempts) == ("dead", 1)
    assert [attempt.attempt for attempt in shown.attempts] == [1, 1]


async def test_only_an_ended_delivery_can_be_retried(world: World) -> None:
    await world.happen(1)
    (ready,) = await world.ids()
    with pytest.raises(DeliveryNotDead):
        await world.operations.retry(ready)

    await world.drain()
    with pytest.raises(DeliveryNotDead):
        await world.operations.retry(ready)
    assert world.record.numbers == [1]


async def test_an_unknown_delivery_cannot_be_retried(world: World) -> None:
    with pytest.raises(DeliveryNotFound):
        await world.operations.retry(404)


async def test_all_dead_deliveries_of_one_handler_are_retried(
    world: World,
) -> None:
    other = Other()
    world.add(other)
    world.record.refused = other.refused = {1, 2}
    await world.happen(1)
    await world.happen(2)
    await world.happen(3)
    await world.drain()

    world.record.refused = other.refused = set()
    assert (await world.operations.retry_all(RECORD)).deliveries == 2
    await world.drain()

    assert await world.states() == ["done"] * 3
    assert await world.states(OTHER) == ["dead", "dead", "done"]


async def test_deliveries_without_a_handler_can_be_retried(world: World) -> None:
    await world.happen(1)
    await world.execute(RENAME, of_handler=RECORD, as_handler="test.gone")
    await world.drain()
    assert await world.states("test.gone") == ["no_handler"]

    assert (await world.operations.retry_all("test.gone")).deliveries == 1
    assert await world.states("test.gone") == ["ready"]


async def test_an_unknown_handler_cannot_be_retried(world: World) -> None:
    with pytest.raises(HandlerNotFound):
        await world.operations.retry_all("test.never")


async def test_every_operation_that_makes_a_delivery_ready_notifies_the_engine(
    world: World,
) -> None:
    world.record.refused = {1}
    await world.happen(1, 2)
    await world.drain()
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: world.operations.retry_all(RECORD),
        lambda: world.operations.resume(RECORD),
        lambda: world.replay.replay(RECORD, since=LONG_AGO, until=None),
    ]
    await expect_woken(world, world.operations.retry(await world.dead_id()))
    for step in steps:
        await expect_woken(world, step())


async def expect_woken(world: World, step: Awaitable[object]) -> None:
    await world.notifier.wait(0)  # forget earlier notifications
    await step
    async with asyncio.timeout(1):
        await world.notifier.wait(3600)
