"""Runs of one handler share a transaction: each has the same result as if it ran alone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import literal_column, select

from app.shared.domain.jobs import Cancellation
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.handlers import MAX_ATTEMPTS
from tests.support.probe.module import Hurried, Kept, ProbeEvent, Work, effect
from tests.support.probe.shapes import Shape, Victim
from tests.support.probe.world import World, until

LARGE: Final = "group_before_run:wait:1000000"
"""A failpoint that is never reached. It lets groups be large on slow machines, too."""

_TRANSACTIONS: Final = select(effect.c.stream_id, literal_column("xmin::text").label("number"))


@asynccontextmanager
async def grouping(
    shape: Shape, *, failpoint: str = LARGE, processes: int = 1
) -> AsyncIterator[Victim]:
    """Deliver in a process with one place: its groups have 1, 2, 4, … deliveries."""
    places = {"event_concurrency": 1, "event_processes": processes, "event_in_flight": 20}
    async with shape.victim(failpoint=failpoint, **places) as process:
        yield process


@asynccontextmanager
async def within_a_group(shape: Shape) -> AsyncIterator[Victim]:
    """Deliver in a process that waits in a group: one run is over, the next has not begun."""
    async with grouping(shape, failpoint="group_before_run:wait") as process:
        await until(shape.world.folder.is_reached)
        yield process


async def publish(
    world: World, *acts: str, kind: type[ProbeEvent] = Kept, times: int = 1
) -> list[UUID]:
    return [await world.publish(kind, *acts) for _ in range(times)]


async def rows_of(world: World, streams: list[UUID]) -> list[Row]:
    return [row for row in await world.deliveries() if row["stream_id"] in streams]


async def attempts_of(world: World, streams: list[UUID]) -> set[int]:
    return {row["attempts"] for row in await rows_of(world, streams)}


async def have_effects(world: World, streams: list[UUID]) -> bool:
    return all([await world.effects(stream) == [1] for stream in streams])


async def sizes_of(world: World, *streams: UUID) -> set[int]:
    """Return how many effects were committed with those of these streams.

    Only PostgreSQL says which transaction has written a row.
    """
    rows = await world.fetch(_TRANSACTIONS)
    sizes = Counter(row["number"] for row in rows)
    return {sizes[row["number"]] for row in rows if row["stream_id"] in streams}


async def test_the_effects_of_a_group_are_committed_together(shape: Shape, world: World) -> None:
    streams = await publish(world, "do", times=7)
    async with within_a_group(shape):
        begun, done = len(world.folder.starts("probe.keep")), await world.effects()
        world.folder.open_gate()
        await shape.settled()

    assert begun == len(done) + 1  # the effect of the last run was not visible yet
    assert [await world.effects(stream) for stream in streams] == [[1]] * 7
    assert await attempts_of(world, streams) == {1}


async def test_a_run_that_fails_is_undone_alone_and_costs_the_others_no_attempt(
    shape: Shape, world: World
) -> None:
    sound, broken = [], []
    for _ in range(3):
        sound += await publish(world, "do", times=3)
        broken += await publish(world, "fail")
    async with grouping(shape):
        await shape.settled()

    assert [await world.effects(stream) for stream in sound] == [[1]] * 9
    assert len(await world.effects()) == 9
    assert await attempts_of(world, sound) == {1}
    failed = Counter(row["delivery_id"] for row in await world.attempts())
    assert failed == {row["id"]: MAX_ATTEMPTS for row in await rows_of(world, broken)}
    counted = sum(row["attempts"] for row in await world.deliveries())
    assert len(world.folder.starts("probe.keep")) > counted  # some were rolled back with a group


async def test_a_run_over_its_time_limit_costs_the_others_no_attempt(
    shape: Shape, world: World
) -> None:
    sound = await publish(world, kind=Hurried, times=5)
    await publish(world, "hang", kind=Hurried)
    sound += await publish(world, kind=Hurried)
    async with grouping(shape):
        await shape.settled()

    assert [await world.effects(stream) for stream in sound] == [[1]] * 6
    assert len(await world.effects()) == 6
    assert await attempts_of(world, sound) == {1}
    assert [row["error_class"] for row in await world.attempts()] == ["TimeoutError"] * MAX_ATTEMPTS
    assert len(world.folder.starts("probe.hurry")) > MAX_ATTEMPTS  # in a group, and alone


async def test_a_part_is_committed_with_its_group_and_the_rest_follows(
    shape: Shape, world: World
) -> None:
    others = await publish(world, times=4)
    parts = await world.publish(Kept, "more", "more", "do")
    others += await publish(world, times=2)
    async with grouping(shape):
        await shape.settled()

    assert [await world.effects(stream) for stream in others] == [[1]] * 6
    assert await world.effects(parts) == [1, 1, 1]
    assert await world.attempts() == []
    assert world.is_sqlite or max(await sizes_of(world, parts)) > 1


async def test_the_parts_of_a_job_keep_their_cursor_in_a_group(shape: Shape, world: World) -> None:
    for number in range(1, 7):
        await world.enqueue(Work(number, acts=["step", "step", "do"] if number == 5 else []))
    async with grouping(shape):
        await shape.settled()

    assert sorted(await world.effects()) == [1, 2, 3, 4, 5, 5, 5, 6]
    results = [row["result"] for row in await world.job_states()]
    assert [{"number": 5, "cursor": 2}] in results
    assert len(results) == 6


async def test_a_job_that_is_cancelled_in_a_group_leaves_no_effect_and_the_others_have_theirs(
    shape: Shape, world: World
) -> None:
    numbers = list(range(1, 8))
    for number in numbers:
        await world.enqueue(Work(number, acts=["do"]), key=f"{number}")
    async with within_a_group(shape):
        begun = len(world.folder.starts("probe.work"))
        # SQLite has one writer, so the cancellation waits for the end of the group.
        cancelling = asyncio.create_task(world.cancel(Work, f"{begun}"))
        await asyncio.wait([cancelling], timeout=0.5)
        world.folder.open_gate()
        await shape.settled()

    if await cancelling is Cancellation.WILL_STOP:
        numbers.remove(begun)
    assert len(numbers) == (7 if world.is_sqlite else 6)
    assert sorted(await world.effects()) == numbers
    assert Counter(await world.states())["done"] == len(numbers)
    assert await world.attempts() == []


async def test_a_group_that_lost_its_claims_leaves_no_effect(shape: Shape, world: World) -> None:
    streams = await publish(world, "do", times=7)
    # With Celery the other process runs what the relay sends again.
    async with grouping(shape, failpoint="group_before_begin:wait", processes=2) as late:
        await until(world.folder.is_reached)
        await world.end_leases()
        await shape.settle()
        world.folder.open_gate()
        await late.finish()

    assert await world.states() == ["done"] * 7
    assert [await world.effects(stream) for stream in streams] == [[1]] * 7


async def test_a_clean_stop_returns_a_group_without_an_attempt(shape: Shape, world: World) -> None:
    streams = await publish(world, "do", times=7)
    async with within_a_group(shape) as stopped:
        done = await world.effects()
        await stopped.stop()

    assert await world.effects() == done
    assert Counter(await world.states()) == {"done": len(done), "ready": 7 - len(done)}
    rows = await world.deliveries()
    assert sorted(row["attempts"] for row in rows) == [0] * (7 - len(done)) + [1] * len(done)
    assert await world.attempts() == []

    await shape.settle()
    assert [await world.effects(stream) for stream in streams] == [[1]] * 7


async def test_after_a_kill_each_delivery_of_the_group_runs_again_alone(
    shape: Shape, world: World
) -> None:
    streams = await publish(world, times=7)
    async with grouping(shape, failpoint="group_before_commit:exit") as killed:
        await killed.ended()
    assert world.folder.crashes() == 1
    await world.give_to("somebody:elsewhere:1")  # so that nobody takes over before the lease ends
    rows = await world.deliveries()
    lost = [row["stream_id"] for row in rows if row["state"] == DeliveryState.CLAIMED]
    assert await attempts_of(world, lost) == {1}

    others = await publish(world, times=12)
    async with grouping(shape):
        await until(lambda: have_effects(world, others))  # so its groups are large
        await world.end_leases()
        await shape.settled()

    assert [await world.effects(stream) for stream in streams + others] == [[1]] * 19
    assert await attempts_of(world, lost) == {2}
    assert await attempts_of(world, others) == {1}
    assert world.is_sqlite or max(await sizes_of(world, *others)) > 1
    assert world.is_sqlite or await sizes_of(world, *lost) == {1}


async def test_a_delivery_that_kills_its_process_in_a_group_dies_alone(
    shape: Shape, world: World
) -> None:
    companions = await publish(world, times=6)
    poison = await publish(world, "exit")
    while await attempts_of(world, poison) != {MAX_ATTEMPTS}:
        async with grouping(shape) as killed:
            await killed.ended()
        await world.end_leases()
    await shape.settle()

    assert await world.states() == ["done"] * 6 + ["dead"]
    assert [await world.effects(stream) for stream in companions] == [[1]] * 6
    assert max(await attempts_of(world, companions)) == 2  # some shared its group
