"""A failed delivery is tried again, later each time, and a limited number of times."""

import datetime as dt
from functools import partial

from sqlalchemy import update

from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.handlers import AGAIN_AFTER, MAX_ATTEMPTS
from tests.support.probe.module import Hurried, Kept
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until

SECOND = dt.timedelta(seconds=1)


async def test_the_wait_doubles_with_each_attempt(shape: Shape, world: World) -> None:
    await world.publish(Kept, "fail")
    for attempt, usual in ((1, 4 * SECOND), (2, 8 * SECOND)):
        async with shape.delivering():
            await until(partial(world.have_failed, attempt))
        failed = (await world.attempts())[-1]
        delay = (await world.delivery())["due_at"] - failed["ended_at"]
        # A quarter more or less; the attempt is recorded just after its delay was computed.
        assert 0.75 * usual - SECOND < delay <= 1.25 * usual
        assert await world.states() == ["ready"]
        await world.bring_forward_retries()


async def test_a_delivery_that_is_not_due_is_not_run(shape: Shape, world: World) -> None:
    await world.publish(Kept, "fail", "do")
    async with shape.delivering():
        await until(lambda: world.have_failed(1))
        other = await world.publish(Kept)
        await until(lambda: world.is_done(other))

    assert len(world.folder.starts("probe.keep")) == 1


async def test_a_delivery_is_dead_after_its_last_attempt_and_keeps_each_error(
    shape: Shape, world: World
) -> None:
    await world.publish(Kept, "fail")

    await shape.settle()

    dead = await world.delivery()
    assert await world.states() == ["dead"]
    assert dead["attempts"] == MAX_ATTEMPTS
    assert dead["last_error"] == "Broken: as it was told"
    kept = await world.attempts()
    assert [row["attempt"] for row in kept] == list(range(1, MAX_ATTEMPTS + 1))
    assert {row["error_class"] for row in kept} == {"Broken"}
    assert all("as it was told" in row["traceback"] and row["worker_id"] for row in kept)
    assert await world.effects() == []


async def test_a_dead_delivery_is_not_run(shape: Shape, world: World) -> None:
    await world.publish(Kept, "fail")
    await shape.settle()
    await world.publish(Kept)
    await shape.settle()

    assert len(world.folder.starts("probe.keep")) == MAX_ATTEMPTS


# --- What a handler may say -----------------------------------------------------------------------


async def test_a_handler_can_set_the_time_of_its_next_attempt(shape: Shape, world: World) -> None:
    await world.publish(Kept, "retry")
    async with shape.delivering():
        await until(lambda: world.have_failed(1))

    delay = (await world.delivery())["due_at"] - (await world.attempts())[0]["ended_at"]
    assert AGAIN_AFTER - 1 < delay.total_seconds() <= AGAIN_AFTER
    assert await world.effects() == []


async def test_a_handler_that_always_raises_retry_becomes_dead(shape: Shape, world: World) -> None:
    await world.publish(Kept, "retry")

    await shape.settle()

    assert await world.states() == ["dead"]
    assert (await world.delivery())["attempts"] == MAX_ATTEMPTS
    assert {row["error_class"] for row in await world.attempts()} == {"Retry"}


async def test_a_handler_can_discard_its_delivery(shape: Shape, world: World) -> None:
    await world.publish(Kept, "discard")

    await shape.settle()

    assert await world.states() == ["done"]
    assert (await world.delivery())["last_error"] == "discarded: not needed"
    assert await world.attempts() == []


async def test_a_handler_can_raise_a_dead_letter(shape: Shape, world: World) -> None:
    await world.publish(Kept, "give up")

    await shape.settle()

    assert await world.states() == ["dead"]
    assert (await world.delivery())["attempts"] == 1
    assert await world.effects() == []


# --- What a handler may not do --------------------------------------------------------------------


async def test_a_handler_over_its_time_limit_is_rolled_back(shape: Shape, world: World) -> None:
    await world.publish(Hurried, "hang", "do")
    async with shape.delivering():
        await until(lambda: world.have_failed(1))
    assert await world.effects() == []
    assert (await world.attempts())[0]["error_class"] == "TimeoutError"

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1]


async def test_a_handler_must_not_commit(shape: Shape, world: World) -> None:
    await world.publish(Kept, "commit", "do")
    async with shape.delivering():
        await until(lambda: world.have_failed(1))
    assert await world.effects() == []
    assert "a handler must not commit" in (await world.attempts())[0]["error"]

    await shape.settle()

    assert await world.effects() == [1]


async def test_a_handler_that_raises_cancelled_error_has_failed(shape: Shape, world: World) -> None:
    """As after `await task` of a task that the handler cancelled: nobody stopped the handler."""
    await world.publish(Kept, "cancel")

    await shape.settle()

    assert await world.states() == ["dead"]
    assert len(world.folder.starts("probe.keep")) == MAX_ATTEMPTS


# --- What cannot be delivered ---------------------------------------------------------------------


async def test_an_unreadable_event_is_dead_at_once(shape: Shape, world: World) -> None:
    await world.publish(Kept)
    await world.execute(update(event_log).values(payload={"number": "many"}))

    await shape.settle()

    assert await world.states() == ["dead"]
    assert (await world.delivery())["attempts"] == 1
    assert await world.effects() == []


async def test_an_unknown_event_is_dead_at_once(shape: Shape, world: World) -> None:
    await world.publish(Kept)
    await world.execute(update(event_log).values(event_type="probe.forgotten"))

    await shape.settle()

    assert await world.states() == ["dead"]
    assert (await world.delivery())["attempts"] == 1


async def test_an_event_of_a_later_version_is_dead_at_once(shape: Shape, world: World) -> None:
    await world.publish(Kept)
    await world.execute(update(event_log).values(schema_version=2))

    await shape.settle()

    assert await world.states() == ["dead"]
    assert (await world.delivery())["attempts"] == 1


async def test_a_delivery_of_an_unknown_handler_waits_as_no_handler(
    shape: Shape, world: World
) -> None:
    stream = await world.publish(Kept)
    await world.publish(Kept, stream=stream)
    of_stream = update(event_delivery).where(event_delivery.c.stream_id == stream)
    await world.execute(of_stream.values(handler="probe.of_tomorrow"))
    async with shape.delivering():
        await until(lambda: world.are(["no_handler", "no_handler"]))
        # From now on the handler is known.
        await world.execute(of_stream.values(handler="probe.keep"))
        await until(lambda: world.are(["done", "done"]))

    assert await world.effects() == [1, 2]


async def test_a_delivery_without_a_handler_is_not_overtaken(shape: Shape, world: World) -> None:
    """As if a process of the last release comes first, and one of this release second."""
    stream = await world.publish(Kept)
    await world.execute(update(event_delivery).values(state=int(DeliveryState.NO_HANDLER)))
    await world.publish(Kept, stream=stream)
    async with shape.delivering():
        await until(lambda: world.are(["done", "done"]))

    assert await world.effects() == [1, 2]
