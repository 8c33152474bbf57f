"""The options of jobs: later, once, in order, with a key, or cancelled."""

import asyncio
import datetime as dt

from app.shared.domain.jobs import Cancellation
from tests.support.probe.module import Tell, Work
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until

AN_HOUR = dt.timedelta(hours=1)


async def test_a_delayed_job_waits_for_its_time(shape: Shape, world: World) -> None:
    await world.enqueue(Work(number=1), delay=AN_HOUR)
    await world.enqueue(Work(number=2), due_at=dt.datetime.now(dt.UTC) + AN_HOUR)
    await world.enqueue(Work(number=3))

    async with shape.delivering():
        await until(lambda: world.are(["ready", "ready", "done"]))

    await shape.settle()  # this makes waiting jobs due
    assert sorted(await world.effects()) == [1, 2, 3]


async def test_an_expired_job_is_cancelled_and_has_no_effect(shape: Shape, world: World) -> None:
    now = dt.datetime.now(dt.UTC)
    await world.enqueue(Work(number=1), expires_at=now - AN_HOUR)
    await world.enqueue(Work(number=2), expires_at=now + AN_HOUR)

    await shape.settle()

    assert await world.states() == ["cancelled", "done"]
    assert await world.effects() == [2]


async def test_a_job_that_is_enqueued_once_runs_once(shape: Shape, world: World) -> None:
    first = await world.enqueue(Work(number=1), once="invoice:42")
    assert await world.enqueue(Work(number=2), once="invoice:42") == first
    await shape.settle()

    assert await world.enqueue(Work(number=3), once="invoice:42") == first
    assert await world.enqueue(Tell(), once="invoice:42") != first  # another job
    await shape.settle()

    assert await world.effects() == [1]


async def test_jobs_in_an_order_run_one_after_another_and_a_failed_one_is_not_passed(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Work(number=1, acts=["fail", "do"]), order_by="customer")
    async with world.unit_of_work() as uow:
        for number in (2, 3):
            await uow.jobs.enqueue(Work(number=number), order_by="customer")
        await uow.commit()
    await world.enqueue(Work(number=4), order_by="another")

    await shape.settle()

    effects = await world.effects()
    assert [number for number in effects if number != 4] == [1, 2, 3]
    assert sorted(effects) == [1, 2, 3, 4]


async def test_of_jobs_with_one_key_one_waits_and_runs(shape: Shape, world: World) -> None:
    first = await world.enqueue(Work(number=1), key="report")
    second = await world.enqueue(Work(number=2), key="report")
    third = await world.enqueue(Work(number=3), key="another")

    await shape.settle()

    assert first == second != third
    assert sorted(await world.effects()) == [1, 3]


async def test_replace_gives_the_waiting_job_new_arguments_and_keeps_its_time(
    shape: Shape, world: World
) -> None:
    first = await world.enqueue(Work(number=1), key="report", delay=AN_HOUR)
    due = (await world.delivery())["due_at"]
    assert await world.enqueue(Work(number=2), key="report", on_waiting="replace") == first
    assert (await world.delivery())["due_at"] == due

    await shape.settle()

    assert await world.effects() == [2]


async def test_postpone_gives_the_waiting_job_a_new_time_too(shape: Shape, world: World) -> None:
    await world.enqueue(Work(number=1), key="report")
    due = (await world.delivery())["due_at"]
    await world.enqueue(Work(number=2), key="report", on_waiting="postpone", delay=AN_HOUR)
    assert (await world.delivery())["due_at"] - due >= AN_HOUR

    await shape.settle()

    assert await world.effects() == [2]


async def test_a_running_job_does_not_stand_for_a_new_one_with_its_key(
    shape: Shape, world: World
) -> None:
    first = await world.enqueue(Tell(acts=["wait"]), key="report")
    async with shape.delivering():
        await until(lambda: world.are(["claimed"]))
        await until(lambda: len(world.folder.sent()) == 1)
        assert await world.enqueue(Tell(), key="report") != first
        world.folder.open_gate()
        await shape.settled()

    assert await world.states() == ["done", "done"]


async def test_a_failed_job_gives_way_to_a_newer_one_with_its_key(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Tell(acts=["wait+fail"]), key="report")
    async with shape.delivering():
        await until(lambda: len(world.folder.starts("probe.tell")) == 1)
        await world.enqueue(Tell(), key="report", delay=AN_HOUR)
        world.folder.open_gate()
        await until(lambda: world.are(["cancelled", "ready"]))
        await shape.settled()

    assert await world.states() == ["cancelled", "done"]


async def test_a_part_of_a_job_begins_anew_for_a_new_job_with_its_key(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Work(acts=["step", "retry", "do"]), key="report")
    async with shape.delivering():
        await until(lambda: world.have_failed(1))
    assert [state["cursor"] for state in await world.job_states()] == [[1]]

    await world.enqueue(Work(), key="report")
    await shape.settle()

    (state,) = await world.job_states()
    assert state["result"] == [{"number": 1, "cursor": None}]


async def test_a_cancelled_job_never_runs(shape: Shape, world: World) -> None:
    await world.enqueue(Work(number=1), key="report")
    assert await world.cancel(Work, "report") is Cancellation.CANCELLED
    await world.enqueue(Work(number=2), key="report")

    await shape.settle()

    assert await world.states() == ["cancelled", "done"]
    assert await world.effects() == [2]
    assert await world.cancel(Work, "report") is Cancellation.TOO_LATE
    assert await world.cancel(Work, "never enqueued") is Cancellation.TOO_LATE


async def test_a_job_that_is_cancelled_while_it_runs_keeps_no_result_and_is_not_repeated(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Tell(acts=["wait"]), key="report")
    async with shape.delivering():
        await until(lambda: len(world.folder.sent()) == 1)
        assert await world.cancel(Tell, "report") is Cancellation.WILL_STOP
        world.folder.open_gate()
        await shape.settled()

    assert await world.states() == ["cancelled"]
    assert [state["result"] for state in await world.job_states()] == [None]


async def test_a_job_that_fails_after_it_was_cancelled_is_not_tried_again(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Tell(acts=["wait+fail", "do"]), key="report")
    async with shape.delivering():
        await until(lambda: len(world.folder.sent()) == 1)
        await world.cancel(Tell, "report")
        world.folder.open_gate()
        await shape.settled()

    assert await world.states() == ["cancelled"]
    assert len(world.folder.sent()) == 1
    assert await world.attempts() == []  # it ended at once, and did not wait for the next attempt


async def test_a_job_that_will_stop_leaves_no_effect_in_the_database(
    shape: Shape, world: World
) -> None:
    await world.enqueue(Work(acts=["wait"]), key="report")
    async with shape.delivering():
        await until(lambda: len(world.folder.starts("probe.work")) == 1)
        # SQLite has one writer, so the cancellation waits for the end of the run.
        cancelling = asyncio.create_task(world.cancel(Work, "report"))
        await asyncio.wait([cancelling], timeout=0.5)
        world.folder.open_gate()
        await shape.settled()
    answer = await cancelling

    assert answer is (Cancellation.TOO_LATE if world.is_sqlite else Cancellation.WILL_STOP)
    assert await world.effects() == ([1] if answer is Cancellation.TOO_LATE else [])


async def test_a_cancelled_job_does_not_stop_those_behind_it(shape: Shape, world: World) -> None:
    await world.enqueue(Work(number=1), key="first", order_by="customer")
    await world.enqueue(Work(number=2), order_by="customer")
    await world.cancel(Work, "first")

    await shape.settle()

    assert await world.effects() == [2]
