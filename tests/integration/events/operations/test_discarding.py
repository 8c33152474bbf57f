import pytest

from app.shared.application.events import DeliveryNotFound, DeliveryNotWaiting, HandlerNotFound
from app.shared.domain.base_entity import new_id
from tests.integration.events.operations.world import RECORD, RENAME, SLOW, Slow, World
from tests.support.requests import request_at_hand


async def test_a_discarded_delivery_unblocks_its_stream(world: World) -> None:
    world.record.refused = {2}
    await world.happen(1, 2, 3, 4)
    await world.drain()

    dead = await world.dead_id()
    await world.operations.discard(dead, reason="the number is wrong")
    await world.drain()

    assert world.record.numbers == [1, 3, 4]
    assert await world.states() == ["done", "discarded", "done", "done"]
    shown = await world.inspection.show(dead)
    assert shown.delivery.last_error == "discarded: the number is wrong"
    assert shown.delivery.done_at is not None
    assert len(shown.attempts) == 1


async def test_the_reason_of_a_discard_names_the_actor(world: World) -> None:
    await world.happen(1)
    (ready,) = await world.ids()
    admin_id = new_id()
    with request_at_hand(actor_id=admin_id):
        await world.operations.discard(ready, reason="not needed")

    shown = await world.inspection.show(ready)
    assert shown.delivery.last_error == f"discarded by {admin_id}: not needed"


async def test_a_blocked_delivery_can_be_discarded(world: World) -> None:
    await world.happen(1, 2, 3)
    _, second, _ = await world.ids()
    await world.operations.discard(second, reason="not needed")
    await world.drain()
    assert world.record.numbers == [1, 3]


async def test_a_finished_or_unknown_delivery_cannot_be_discarded(world: World) -> None:
    await world.happen(1)
    await world.drain()
    (done,) = await world.ids()
    with pytest.raises(DeliveryNotWaiting):
        await world.operations.discard(done, reason="too late")
    with pytest.raises(DeliveryNotFound):
        await world.operations.discard(404, reason="nothing there")


async def test_a_running_delivery_cannot_be_discarded(world: World) -> None:
    slow = Slow()
    world.add(slow)
    await world.happen(1)
    await world.engine.step()
    await slow.has_begun.wait()

    (claim,) = await world.ids(SLOW)
    with pytest.raises(DeliveryNotWaiting):
        await world.operations.discard(claim, reason="too late")

    slow.may_go_on.set()
    await world.drain()
    assert slow.numbers == [1]


async def test_discarding_a_handler_discards_only_failed_deliveries(world: World) -> None:
    world.record.refused = {1}
    await world.happen(1, 2)
    await world.drain()
    assert (await world.operations.discard_all(RECORD, reason="was wrong")).deliveries == 1
    await world.drain()
    assert world.record.numbers == [2]


async def test_all_deliveries_of_a_removed_handler_can_be_discarded(
    world: World,
) -> None:
    await world.happen(1, 2)
    await world.happen(3)
    await world.execute(RENAME, of_handler=RECORD, as_handler="test.gone")
    await world.drain()
    assert await world.states("test.gone") == ["no_handler"] * 3

    given_up = await world.operations.discard_all("test.gone", reason="was removed")
    assert given_up.deliveries == 3
    assert await world.states("test.gone") == ["discarded"] * 3
    with pytest.raises(HandlerNotFound):
        await world.operations.discard_all("test.gone", reason="once more")
