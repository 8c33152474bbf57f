"""Jobs are enqueued with a change, run once, and have a result. Long ones run in parts."""

from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Kept, Tell, Work
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until


async def test_a_job_runs_once_and_its_result_is_kept(shape: Shape, world: World) -> None:
    ref = await world.enqueue(Work(number=7))

    await shape.settle()

    delivery = await world.delivery()
    assert (delivery["event_id"], delivery["handler"]) == (ref.id, "probe.work")
    assert await world.states() == ["done"]
    assert await world.effects() == [7]
    (state,) = await world.job_states()
    assert state["result"] == [{"number": 7, "cursor": None}]


async def test_a_job_of_a_transaction_that_rolled_back_never_runs(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Work(), commit=False)

    await shape.settle()

    assert await world.deliveries() == []


async def test_a_failed_attempt_leaves_no_effect_and_the_next_one_has_it(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Work(acts=["fail", "do"]))

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1]
    assert len(await world.attempts()) == 1


async def test_a_job_is_dead_after_its_last_attempt(shape: Shape, world: World) -> None:
    await world.enqueue(Work(acts=["fail"]))

    await shape.settle()

    assert await world.states() == ["dead"]
    assert len(await world.attempts()) == MAX_ATTEMPTS
    assert await world.effects() == []


async def test_each_attempt_of_a_job_outside_has_the_same_key(shape: Shape, world: World) -> None:
    await world.enqueue(Tell(acts=["fail", "do"]))
    await world.enqueue(Tell())

    await shape.settle()

    assert await world.states() == ["done", "done"]
    keys = [key for _, key in world.folder.sent()]
    assert (len(keys), len(set(keys))) == (3, 2)
    assert [row["result"][0]["number"] for row in await world.job_states()] == [1, 1]


async def test_the_progress_of_a_job_outside_is_seen_while_it_runs(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Tell(acts=["wait"]))
    async with shape.delivering():
        await until(lambda: world.has_progress((1, None)))
        assert await world.states() == ["claimed"]
        world.folder.open_gate()
        await shape.settled()


async def test_a_job_in_parts_goes_on_at_its_cursor_and_counts_no_attempt(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Work(acts=["step"] * (MAX_ATTEMPTS + 1) + ["do"]))

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1] * (MAX_ATTEMPTS + 2)
    (state,) = await world.job_states()
    last = MAX_ATTEMPTS + 1
    assert state["result"] == [{"number": 1, "cursor": last}]
    assert (state["progress_done"], state["progress_total"]) == (last, 10)


async def test_a_failed_part_loses_only_itself(shape: Shape, world: World) -> None:
    await world.enqueue(Work(acts=["step", "fail", "do"]))

    await shape.settle()

    assert await world.states() == ["done"]
    assert await world.effects() == [1, 1]
    (state,) = await world.job_states()
    assert state["result"] == [{"number": 1, "cursor": 1}]


async def test_a_cursor_that_does_not_move_is_a_failure(shape: Shape, world: World) -> None:
    await world.enqueue(Work(acts=["step", "stay"]))

    await shape.settle()

    assert await world.states() == ["dead"]
    assert {row["error_class"] for row in await world.attempts()} == {"NothingMoved"}


async def test_a_job_enqueued_by_a_handler_is_committed_with_its_effect(
    shape: Shape, world: World
) -> None:
    await world.publish(Kept, "enqueue+fail", "enqueue")

    await shape.settle()

    assert await world.states() == ["done", "done"]
    told = (await world.deliveries())[1]
    assert told["handler"] == "probe.tell"
    assert told["causation_id"] == (await world.deliveries())[0]["event_id"]
