"""A committed event has each of its effects once; an event that is not committed has none."""

from app.shared.domain.base_entity import new_id
from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Sent, Shared
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until
from tests.support.requests import request_at_hand


async def test_a_rolled_back_event_is_never_delivered(shape: Shape, world: World) -> None:
    await world.publish(Kept, commit=False)
    await world.publish(Kept)

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1]


async def test_each_handler_of_an_event_has_its_effect_once(shape: Shape, world: World) -> None:
    streams = [await world.publish(Shared) for _ in range(10)]
    for stream in streams:
        await world.publish(Shared, stream=stream)

    await shape.settle()

    for stream in streams:
        assert sorted(await world.effects(stream)) == [1, 1, 2, 2]


async def test_all_events_of_one_change_are_delivered(shape: Shape, world: World) -> None:
    stream = await world.publish(Kept, times=4)

    await shape.settle()

    assert await world.effects(stream) == [1, 1, 1, 1]


async def test_a_failed_attempt_leaves_no_effect(shape: Shape, world: World) -> None:
    await world.publish(Kept, "answer+fail", "answer+fail", "answer")

    await shape.settle()

    assert await world.states() == ["done", "done"]  # the event itself, and its handler's event
    assert await world.effects() == [1, 1]
    assert len(world.folder.starts("probe.keep")) == 3


async def test_each_part_of_a_handler_is_committed_and_the_rest_follows(
    shape: Shape, world: World
) -> None:
    assert MAX_ATTEMPTS < 4  # so no part counts as a failed attempt
    stream = await world.publish(Kept, "more", "more+answer", "answer+more", "more", "do")
    await world.publish(Kept, stream=stream)

    await shape.settle()

    assert len(world.folder.starts("probe.keep")) == 5
    assert await world.effects(stream, "probe.keep") == [1, 1, 1, 1, 1, 2]
    assert await world.states() == ["done", "done", "done"]


async def test_a_failed_part_does_not_undo_earlier_parts(shape: Shape, world: World) -> None:
    stream = await world.publish(Kept, "more", "fail", "fail", "more", "fail", "fail", "do")

    await shape.settle()

    # Each finished part resets the attempts, so there are three.
    assert await world.effects(stream) == [1, 1, 1]
    assert await world.states() == ["done"]


async def test_several_engines_run_each_delivery_once(shape: Shape, world: World) -> None:
    count = shape.places + shape.places_of_engine
    for _ in range(count):
        await world.publish(Sent, "wait")
    async with shape.delivering(), shape.victim():
        # Wait until every place of every engine is taken, so that each engine works.
        await until(lambda: len(world.folder.starts("probe.send")) == count)
        streams = [await world.publish(Shared) for _ in range(50)]
        world.folder.open_gate()
        await shape.settled()

    assert len(set(world.folder.starts("probe.send"))) > 1
    assert len(world.folder.starts("probe.send")) == count
    for stream in streams:
        assert await world.effects(stream) == [1, 1]


# --- What an event carries along ------------------------------------------------------------------


async def test_events_of_a_handler_are_delivered(shape: Shape, world: World) -> None:
    await world.publish(Kept, "answer")

    await shape.settle()

    asked, answer = await world.deliveries()
    assert (asked["handler"], answer["handler"]) == ("probe.keep", "probe.hear")
    assert answer["causation_id"] == asked["event_id"]
    assert await world.effects() == [1, 1]


async def test_events_of_handlers_keep_the_actor_and_the_request(
    shape: Shape, world: World
) -> None:
    actor, trace = new_id(), "00-11111111111111111111111111111111-2222222222222222-01"
    with request_at_hand(request_id="request-0001", actor_id=actor, traceparent=trace):
        await world.publish(Kept, "answer")

    await shape.settle()

    names = ("correlation_id", "actor_id", "traceparent")
    said = [tuple(row[name] for name in names) for row in await world.deliveries()]
    assert said == [("request-0001", actor, trace)] * 2
