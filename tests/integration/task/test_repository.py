"""What is special about the repository and the reader of tasks."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest

from app.core.exceptions import StaleVersion
from app.modules.task.domain.entities import Task
from app.modules.task.domain.errors import TaskNotFound
from app.modules.task.infrastructure.readers import TASKS
from app.modules.task.infrastructure.repositories import SqlTaskUnitOfWork
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database
from tests.modules.task.samples import a_task
from tests.support.moments import NOW
from tests.support.units import unit

OWNER, ASSIGNEE, STRANGER = new_id(), new_id(), new_id()


@pytest.fixture
async def task(database: Database) -> Task:
    return await saved(database, a_task(owner_id=OWNER, assignee_id=ASSIGNEE))


async def saved(database: Database, task: Task) -> Task:
    async with unit(SqlTaskUnitOfWork, database) as uow:
        await uow.tasks.save(task)
        await uow.commit()
    return task


async def get_for(database: Database, user_id: UUID, id: UUID, version: int | None = None) -> Task:
    async with unit(SqlTaskUnitOfWork, database) as uow:
        return await uow.tasks.get_for(user_id, id, version=version)


async def get_owned(database: Database, user_id: UUID, id: UUID) -> Task:
    async with unit(SqlTaskUnitOfWork, database) as uow:
        return await uow.tasks.get_owned(user_id, id)


@pytest.mark.parametrize("user_id", [OWNER, ASSIGNEE], ids=["owner", "assignee"])
@pytest.mark.parametrize("version", [None, 1])
async def test_owner_and_assignee_get_a_task(
    database: Database, task: Task, user_id: UUID, version: int | None
) -> None:
    assert await get_for(database, user_id, task.id, version) == task


async def test_another_user_gets_no_task_with_any_version(database: Database, task: Task) -> None:
    for version in (None, 1, 2):
        with pytest.raises(TaskNotFound):
            await get_for(database, STRANGER, task.id, version)


async def test_a_version_that_is_not_the_current_one_is_stale(
    database: Database, task: Task
) -> None:
    for version in (0, 2):
        with pytest.raises(StaleVersion):
            await get_for(database, OWNER, task.id, version)


async def test_only_the_owner_gets_a_deleted_task(database: Database, task: Task) -> None:
    task.delete(by=OWNER, now=NOW)
    await saved(database, task)

    assert await get_owned(database, OWNER, task.id) == task
    for user_id in (ASSIGNEE, STRANGER):
        with pytest.raises(TaskNotFound):
            await get_owned(database, user_id, task.id)
    for user_id in (OWNER, ASSIGNEE, STRANGER):
        with pytest.raises(TaskNotFound):
            await get_for(database, user_id, task.id)


async def test_only_tasks_deleted_before_a_time_are_purged(database: Database) -> None:
    moments = [NOW - dt.timedelta(microseconds=1), NOW, NOW + dt.timedelta(days=1), None]
    tasks = [await saved(database, a_task(owner_id=OWNER, deleted_at=at)) for at in moments]

    async with unit(SqlTaskUnitOfWork, database) as uow:
        assert await uow.tasks.purge(deleted_before=NOW, most=10) == 1
        await uow.commit()

    with pytest.raises(TaskNotFound):
        await get_owned(database, OWNER, tasks[0].id)
    for task in tasks[1:]:
        assert await get_owned(database, OWNER, task.id) == task


async def test_tasks_are_purged_in_batches(database: Database) -> None:
    for deleted_at in (None, None, None, NOW, NOW):
        await saved(database, a_task(owner_id=OWNER, deleted_at=deleted_at))
    other = await saved(database, a_task(owner_id=STRANGER))

    async def purged() -> int:
        async with unit(SqlTaskUnitOfWork, database) as uow:
            hit = await uow.tasks.purge_of(OWNER, most=2)
            await uow.commit()
        return hit

    assert [await purged() for _ in range(4)] == [2, 1, 2, 0]
    assert await get_owned(database, STRANGER, other.id) == other


# SQLite has one writer: there no other transaction changes a task meanwhile.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_task_that_is_restored_during_the_purge_stays(
    database: Database,
) -> None:
    task = await saved(database, a_task(owner_id=OWNER, deleted_at=NOW - dt.timedelta(days=1)))

    async def purge() -> int:
        async with unit(SqlTaskUnitOfWork, database) as uow:
            hit = await uow.tasks.purge(deleted_before=NOW, most=10)
            await uow.commit()
        return hit

    async with unit(SqlTaskUnitOfWork, database) as uow:
        stored = await uow.tasks.get_owned(OWNER, task.id)
        stored.restore(now=NOW)
        await uow.tasks.save(stored)
        purging = asyncio.create_task(purge())
        await asyncio.sleep(0.2)  # it waits for the row by now
        await uow.commit()

    assert await purging == 0
    assert (await get_owned(database, OWNER, task.id)).deleted_at is None


def test_the_statement_of_a_list_is_built_once_for_each_form() -> None:
    def shape(sort: str, *filters: str) -> object:
        return TASKS.statement(frozenset(filters), sort)

    assert shape("due_at", "q", "label") is shape("due_at", "label", "q")
    assert shape("due_at", "q") is not shape("created_at", "q")
    assert shape("due_at", "q") is not shape("-due_at", "q")
    assert TASKS.count(frozenset({"q"})) is TASKS.count(frozenset({"q"}))
