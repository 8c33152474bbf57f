"""A deleted user may have much data: it is deleted in batches, and each batch is final."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.modules.task.application.handlers import (
    EmptyBin,
    WhenUserDeactivatedReleaseTheirTasks,
    WhenUserDeletedForgetTheirTasks,
    WhenUserDeletedReleaseTheirTasks,
)
from app.modules.task.domain.entities import Task
from app.modules.task.infrastructure.tables import task as task_table
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.integration.task.conftest import Inhabit
from tests.integration.task.world import NOW, World

ALL = Statement(select(task_table))
FORGET, RELEASE = "task.forget_user", "task.release_tasks_of_leaver"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for handler in (
        EmptyBin,
        WhenUserDeactivatedReleaseTheirTasks,
        WhenUserDeletedForgetTheirTasks,
        WhenUserDeletedReleaseTheirTasks,
    ):
        monkeypatch.setattr(handler, "MOST_AT_ONCE", 2)


@pytest.fixture
async def ana(world: World) -> UUID:
    """A user with five tasks, two of them deleted, and five assigned tasks of another user."""
    ana, bruno = await world.somebody("ana"), await world.somebody("bruno")
    await world.deliver()  # the ticks of schedules
    for number in range(5):
        own = await world.a_task(ana, f"Ana's {number}")
        if number > 2:
            await world.do(own, lambda task: task.delete(by=ana, now=NOW), by=ana)
        await world.assign(await world.a_task(bruno, f"Bruno's {number}"), ana, by=ana)
    return ana


async def tasks(world: World) -> Sequence[Any]:
    return await world.database.fetch_all(ALL, {})


async def owned(world: World, user_id: UUID) -> int:
    return sum(row["owner_id"] == user_id for row in await tasks(world))


async def assigned(world: World, user_id: UUID) -> int:
    return sum(row["assignee_id"] == user_id for row in await tasks(world))


async def test_a_deleted_users_tasks_are_deleted_and_assigned_tasks_return(
    world: World, ana: UUID
) -> None:
    await world.delete_account(ana)
    await world.deliver()
    assert await owned(world, ana) == 0
    assert await assigned(world, ana) == 0
    assert len(await tasks(world)) == 5
    for handler in (FORGET, RELEASE):
        assert (await world.one_delivery(handler))["state"] == DeliveryState.DONE


async def test_tasks_assigned_to_a_closed_account_return_to_their_owners(
    world: World, ana: UUID
) -> None:
    await world.close_account(ana)
    await world.deliver()
    assert await assigned(world, ana) == 0
    assert await owned(world, ana) == 5


async def test_own_tasks_are_deleted_even_if_assigned_ones_cannot_be_released(
    world: World, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Task, "release", _refuse)
    await world.delete_account(ana)
    await world.deliver()
    assert await owned(world, ana) == 0
    assert await assigned(world, ana) == 5


async def test_a_failed_batch_does_not_undo_earlier_ones(
    world: World, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Task.release
    released: list[Task] = []

    def release_four(task: Task, **given: Any) -> None:
        if len(released) == 4:
            raise RuntimeError
        released.append(task)
        release(task, **given)

    monkeypatch.setattr(Task, "release", release_four)
    await world.delete_account(ana)
    await world.deliver()
    assert await assigned(world, ana) == 1
    assert (await world.one_delivery(RELEASE))["attempts"] == 1

    monkeypatch.undo()
    await world.deliver_again()
    assert await assigned(world, ana) == 0


async def test_no_transaction_touches_more_than_one_batch(
    world: World, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits: list[int] = []
    connection_of = type(world.database).transaction

    def counting(database: Any) -> Any:
        return _Counting(connection_of(database), hits)

    monkeypatch.setattr(type(world.database), "transaction", counting)
    await world.delete_account(ana)
    await world.deliver()
    assert max(hits) == 2
    assert hits.count(2) == 2  # of three in use and two deleted; others are released one by one


async def test_the_bin_is_emptied_in_one_run(inhabit: Inhabit, ana: UUID) -> None:
    async with inhabit(tasks={"bin_keep_days": 1}) as world:
        world.clock.time = NOW.replace(year=NOW.year + 1)
        await world.tick("task.empty_bin")
        assert await owned(world, ana) == 3


def _refuse(_task: Task, **_given: Any) -> None:
    raise RuntimeError


class _Counting:
    """A transaction that records how many tasks each of its statements changed."""

    def __init__(self, inner: Any, hits: list[int]) -> None:
        self._inner, self._hits = inner, hits

    async def __aenter__(self) -> Any:
        connection = await self._inner.__aenter__()
        execute = connection.execute

        async def counted(query: Statement, params: Any, /) -> int:
            hit: int = await execute(query, params)
            if getattr(query.executable, "table", None) is task_table:
                self._hits.append(hit)
            return hit

        connection.execute = counted
        return connection

    async def __aexit__(self, *error: object) -> Any:
        return await self._inner.__aexit__(*error)
