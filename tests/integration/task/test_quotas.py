"""Quotas on real databases: exact with concurrent requests, in this and other processes."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.core.exceptions import QuotaExceeded
from app.core.security import Actor
from app.modules.task.application.dto import NewTask, Revision, TaskCommand, TaskView
from app.modules.task.application.quotas import TaskQuota, TaskQuotas
from app.modules.task.application.usecases.create_task import CreateTask
from app.modules.task.application.usecases.revise_task import ReviseTask
from app.modules.task.domain.repositories import Usage
from tests.integration.task.world import NOW, World

MOST = 5


@pytest.fixture
async def ana(world: World) -> UUID:
    return await world.somebody("ana")


def a_quota(**of: int) -> TaskQuota:
    quotas: dict[str, Any] = {"tasks": MOST, "text_bytes": 100_000, "assignments_a_day": 10}
    return TaskQuota(TaskQuotas(**quotas | of))


async def create(world: World, quota: TaskQuota, owner_id: UUID, **details: Any) -> TaskView:
    actor = Actor(owner_id, owner_id, frozenset())
    use_case = CreateTask(world.container.task.uow, quota, world.clock)
    return await use_case.execute(NewTask(actor, {"title": "Lay the foundation"} | details))


async def test_concurrent_requests_succeed_up_to_the_quota(world: World, ana: UUID) -> None:
    rooms = [a_quota(), a_quota()]  # as in two processes
    results = await asyncio.gather(
        *(create(world, rooms[number % 2], ana) for number in range(4 * MOST)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, TaskView) for result in results) == MOST
    assert sum(isinstance(result, QuotaExceeded) for result in results) == 3 * MOST


async def test_deleted_tasks_count_until_they_are_purged(world: World, ana: UUID) -> None:
    quota = a_quota(tasks=1)
    view = await create(world, quota, ana)
    async with world.container.task.uow() as uow:
        task = await uow.tasks.get_owned(ana, view.id)
        task.delete(by=ana, now=NOW)
        await uow.tasks.save(task)
        await uow.commit()
    with pytest.raises(QuotaExceeded):
        await create(world, a_quota(tasks=1), ana)

    async with world.container.task.uow() as uow:
        await uow.tasks.purge_of(ana, most=10)
        await uow.commit()
    await create(world, a_quota(tasks=1), ana)


async def test_text_is_counted_in_stored_bytes(world: World, ana: UUID) -> None:
    await create(world, a_quota(), ana, title="São João", description="€" * 10)
    async with world.container.task.uow() as uow:
        assert await uow.tasks.usage_of(ana, most=10) == Usage(1, 10 + 30)
        assert await uow.tasks.usage_of(UUID(int=1), most=10) == Usage(0, 0)


async def test_counting_reads_no_more_rows_than_the_quota(world: World, ana: UUID) -> None:
    for _ in range(4):
        await create(world, a_quota(), ana)
    async with world.container.task.uow() as uow:
        assert (await uow.tasks.usage_of(ana, most=2)).tasks == 2


async def test_a_text_cannot_grow_over_the_quota(world: World, ana: UUID) -> None:
    quota = a_quota(text_bytes=100)
    view = await create(world, quota, ana, description="")
    revise = ReviseTask(world.container.task.uow, quota, world.clock)
    command = TaskCommand(Actor(ana, ana, frozenset()), view.id)
    with pytest.raises(QuotaExceeded):
        await revise.execute(Revision(command, {"description": "x" * 200}))
    smaller = await revise.execute(Revision(command, {"description": "x" * 50}))
    assert smaller.description == "x" * 50
    await revise.execute(Revision(command, {"description": ""}))
