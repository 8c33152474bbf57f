"""Batches are groups of jobs; each callback at their end is enqueued once."""

from typing import Any

import pytest

from app.shared.domain.jobs import Job, JobRef
from app.shared.infrastructure.events.delivery.batches import settle_batch
from tests.support.probe.module import Tell, Work
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World, until

THEN, CATCH, FINALLY = 101, 102, 103
CALLBACKS: dict[str, Job[Any]] = {
    "then": Work(number=THEN),
    "catch": Work(number=CATCH),
    "finally_": Tell(number=FINALLY),
}


async def enqueue_batch(world: World, *jobs: Work) -> list[JobRef[Any]]:
    async with world.unit_of_work() as uow:
        async with uow.jobs.batch(**CALLBACKS) as batch:
            refs = await batch.enqueue_many(jobs)
        await uow.commit()
    return refs


async def settle(shape: Shape, *callbacks: int) -> None:
    """Deliver until the named callbacks are enqueued, and everything is done."""
    async with shape.delivering():
        await until(lambda: has_enqueued(shape.world, len(callbacks)))
        await shape.settled()
    assert sorted(await enqueued_callbacks(shape.world)) == sorted(callbacks)


async def has_enqueued(world: World, count: int) -> bool:
    return len(await enqueued_callbacks(world)) >= count


async def enqueued_callbacks(world: World) -> list[int]:
    rows = await world.deliveries()
    return [row["payload"]["number"] for row in rows if row["batch_id"] is None]


@pytest.mark.parametrize("count", [1, 5])
async def test_after_all_jobs_of_a_batch_are_done_then_and_finally_run_once(
    shape: Shape, world: World, count: int
) -> None:
    await enqueue_batch(world, *[Work(number=n) for n in range(count)])

    await settle(shape, THEN, FINALLY)

    assert set(await world.states()) == {"done"}
    assert sorted(await world.effects()) == [*range(count), THEN]
    assert len(world.folder.sent()) == 1
    assert (await world.effects())[-1] == THEN


async def test_catch_runs_once_at_the_first_failure_and_finally_at_the_end_but_not_then(
    shape: Shape, world: World
) -> None:
    await enqueue_batch(world, Tell(acts=["wait"]), Work(acts=["give up"]), Work(acts=["give up"]))
    async with shape.delivering():
        await until(lambda: has_effect(world, CATCH))
        assert await enqueued_callbacks(world) == [CATCH]
        world.folder.open_gate()
        await until(lambda: has_enqueued(world, 2))
        await shape.settled()

    assert await enqueued_callbacks(world) == [CATCH, FINALLY]
    assert await world.effects() == [CATCH]
    assert len(world.folder.sent()) == 2


async def test_a_dead_job_that_is_retried_after_the_end_of_its_batch_starts_no_callback_again(
    shape: Shape, world: World
) -> None:
    await enqueue_batch(world, Work(acts=["give up", "do"]))
    await settle(shape, CATCH, FINALLY)
    (dead,) = [row for row in await world.deliveries() if row["batch_id"]]

    await world.container.operations().retry(dead["id"])
    await settle(shape, CATCH, FINALLY)

    assert await settle_batch(world.database, dead["batch_id"]) == 0
    assert set(await world.states()) == {"done"}
    assert sorted(await world.effects()) == [1, CATCH]


async def test_a_cancelled_job_of_a_batch_is_a_failure(shape: Shape, world: World) -> None:
    first, _second = await enqueue_batch(world, Work(number=1), Work(number=2))
    async with world.unit_of_work() as uow:
        await uow.jobs.cancel_one(first)
        await uow.commit()

    await settle(shape, CATCH, FINALLY)

    assert sorted(await world.effects()) == [2, CATCH]


async def test_a_process_that_is_killed_after_the_last_job_loses_no_callback(
    shape: Shape, world: World
) -> None:
    await enqueue_batch(world, Work())
    async with shape.victim(failpoint="before_promote:exit") as killed:
        await killed.ended()
    assert (await world.states(), await enqueued_callbacks(world)) == (["done"], [])

    await settle(shape, THEN, FINALLY)


async def test_a_batch_that_rolled_back_leaves_nothing(shape: Shape, world: World) -> None:
    async with world.unit_of_work() as uow, uow.jobs.batch(**CALLBACKS) as batch:
        await batch.enqueue_many([Work()])

    await shape.settle()

    assert await world.deliveries() == []


async def has_effect(world: World, number: int) -> bool:
    return number in await world.effects()
