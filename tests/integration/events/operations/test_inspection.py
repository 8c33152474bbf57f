import datetime as dt
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from app.shared.application.dto import PageRequest
from app.shared.application.dto.events import DeliveryQuery, DeliveryStatus, DeliveryView
from app.shared.application.events import DeliveryNotFound, HandlerNotFound
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.integration.events.operations.world import (
    OTHER,
    RECORD,
    REGULAR,
    RENAME,
    Other,
    Regular,
    World,
)

DUE_AT = Statement(
    update(event_delivery)
    .where(event_delivery.c.state == bindparam("of_state"))
    .values(due_at=bindparam("moment"))
)


@pytest.fixture
async def busy(world: World) -> World:
    """Of `record` one done, one dead, one blocked; of `other` three done."""
    world.add(Other())
    world.record.refused = {2}
    await world.happen(1, 2, 3)
    await world.drain()
    return world


async def listed(world: World, **which: Any) -> list[DeliveryView]:
    return (await world.inspection.page(DeliveryQuery(**which))).items


@pytest.mark.parametrize("state", list(DeliveryStatus))
async def test_deliveries_are_listed_by_state(busy: World, state: DeliveryStatus) -> None:
    await busy.happen(4)
    found = await listed(busy, state=state)
    expected = {"done": 4, "dead": 1, "blocked": 1, "ready": 2}
    assert [delivery.state for delivery in found] == [state] * expected.get(state, 0)


async def test_deliveries_are_listed_by_handler_newest_first(busy: World) -> None:
    found = await listed(busy, handler=RECORD)
    assert [(d.id, d.handler) for d in found] == [(id, RECORD) for id in (await busy.ids())[::-1]]
    assert await listed(busy, handler=OTHER, state=DeliveryStatus.DEAD) == []


async def test_the_next_page_begins_after_the_last_one(busy: World) -> None:
    everything = await listed(busy)
    first = await busy.inspection.page(DeliveryQuery(page=PageRequest(limit=4)))
    rest = PageRequest(limit=4, cursor=first.next_cursor)
    second = await busy.inspection.page(DeliveryQuery(page=rest))
    assert len(everything) == 6
    assert [*first.items, *second.items] == everything
    assert second.next_cursor is None


async def test_a_list_may_begin_before_a_delivery(busy: World) -> None:
    everything = await listed(busy)
    assert await listed(busy, before=everything[3].id) == everything[4:]


async def test_an_unknown_handler_has_no_list(world: World) -> None:
    with pytest.raises(HandlerNotFound):
        await world.inspection.page(DeliveryQuery(handler="test.never"))


async def test_a_dead_delivery_shows_its_event_each_error_and_what_it_blocks(busy: World) -> None:
    shown = await busy.inspection.show(await busy.dead_id())
    assert shown.event.type == "test.happened"
    assert shown.event.data == {"number": 2}
    assert shown.event.aggregate_version == 2
    (attempt,) = shown.attempts
    assert (attempt.attempt, attempt.error_class) == (1, "ValueError")
    assert attempt.error == "ValueError: not 2"
    assert "raise ValueError" in attempt.traceback
    assert shown.blocks == 1
    assert [blocked.aggregate_version for blocked in shown.first_blocked] == [3]


async def test_a_finished_delivery_blocks_nothing(busy: World) -> None:
    first, *_ = await busy.ids()
    shown = await busy.inspection.show(first)
    assert (shown.blocks, shown.first_blocked) == (0, [])


async def test_an_unknown_delivery_is_not_found(world: World) -> None:
    with pytest.raises(DeliveryNotFound):
        await world.inspection.show(404)


async def test_the_lag_counts_the_remaining_deliveries_of_each_handler(busy: World) -> None:
    await busy.happen(4)
    await busy.happen(5)
    other, record = await busy.backlog.lag()
    assert (other.handler, record.handler) == (OTHER, RECORD)
    assert (other.ready, other.dead, other.blocked) == (2, 0, 0)
    assert (record.ready, record.dead, record.blocked, record.blocked_streams) == (2, 1, 1, 1)


async def test_the_lag_is_the_age_of_the_oldest_ready_delivery(busy: World) -> None:
    an_hour_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    await busy.execute(DUE_AT, of_state=int(DeliveryState.DEAD), moment=an_hour_ago)
    _, record = await busy.backlog.lag()
    assert record.oldest_due is None  # the dead delivery waits for nobody

    await busy.happen(4)
    await busy.execute(DUE_AT, of_state=int(DeliveryState.READY), moment=an_hour_ago)
    await busy.happen(5)
    _, record = await busy.backlog.lag()
    assert record.oldest_due is not None
    assert 3600 <= record.oldest_due < 3700


async def test_a_handler_without_deliveries_has_no_lag(world: World) -> None:
    (record,) = await world.backlog.lag()
    assert (record.ready, record.oldest_due) == (0, None)


async def test_deliveries_without_a_handler_show_an_unknown_handler(world: World) -> None:
    await world.happen(1)
    await world.execute(RENAME, of_handler=RECORD, as_handler="test.gone")
    await world.drain()
    gone, record = await world.backlog.lag()
    assert (gone.handler, gone.is_known, gone.no_handler) == ("test.gone", False, 1)
    assert (record.is_known, record.no_handler) == (True, 0)


async def test_a_blocked_stream_shows_its_length_and_what_it_waits_for(busy: World) -> None:
    (stream,) = await busy.backlog.streams()
    assert (stream.handler, stream.aggregate_type, stream.waiting) == (RECORD, "thing", 1)
    assert (stream.behind, stream.behind_state) == (await busy.dead_id(), DeliveryStatus.DEAD)
    assert stream.last_error == "ValueError: not 2"


async def test_streams_of_a_paused_handler_are_not_listed_as_blocked(world: World) -> None:
    await world.operations.pause(RECORD)
    await world.happen(1, 2)
    await world.drain()
    assert await world.backlog.streams() == []


async def test_handlers_show_their_events_and_policy(world: World) -> None:
    world.add(Regular())
    record, regular = await world.inspection.handlers()
    assert (record.id, record.events, record.schedule) == (RECORD, ["test.happened"], None)
    assert (record.on_dead, record.max_attempts, record.transactional) == ("block", 1, True)
    assert (regular.id, regular.events, regular.schedule) == (REGULAR, [], "every 1 day, 0:00:00")
