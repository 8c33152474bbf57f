"""The unit of work: changes and their events in one commit."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.context import WorkContext, current_work
from app.modules.task.domain.entities import Task, Title
from app.modules.task.domain.errors import TaskNotFound
from app.modules.task.infrastructure.repositories import SqlTaskUnitOfWork
from app.modules.user.domain.entities import User
from app.modules.user.infrastructure.repositories import SqlUserUnitOfWork
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Database, IntegrityViolation
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.support.events import ADD, all_events, an_event, count_events
from tests.support.samples import a_full
from tests.support.tasks import CREATED, NOW, a_task
from tests.support.units import unit

TIME = Statement(select(database_time().label("time")))
OWNER, ACTOR = new_id(), new_id()


class Interrupted(Exception):
    """Something else went wrong in the middle."""


def a_new_task() -> Task:
    return Task.create(owner_id=OWNER, now=CREATED, details={"title": Title("Dig")})


async def save(database: Database, *tasks: Task) -> None:
    async with unit(SqlTaskUnitOfWork, database) as uow:
        for task in tasks:
            await uow.tasks.save(task)
        await uow.commit()


async def find(database: Database, task: Task) -> Task | None:
    async with unit(SqlTaskUnitOfWork, database) as uow:
        with suppress(TaskNotFound):
            return await uow.tasks.get_owned(task.owner_id, task.id)
    return None


# --- Everything or nothing ----------------------------------------------------------------------


async def test_a_change_and_its_events_are_kept_together(database: Database) -> None:
    task = a_new_task()
    await save(database, task)
    assert await find(database, task) == task
    assert [row["aggregate_id"] for row in await all_events(database)] == [task.id]


async def test_without_a_commit_neither_is_kept(database: Database) -> None:
    task = a_new_task()
    async with unit(SqlTaskUnitOfWork, database) as uow:
        await uow.tasks.save(task)
    assert await find(database, task) is None
    assert await count_events(database) == 0


async def test_after_an_error_in_between_neither_is_kept(database: Database) -> None:
    task = a_new_task()

    async def fail() -> None:
        async with unit(SqlTaskUnitOfWork, database) as uow:
            await uow.tasks.save(task)
            raise Interrupted

    with pytest.raises(Interrupted):
        await fail()
    assert await find(database, task) is None
    assert await count_events(database) == 0


async def test_if_the_events_cannot_be_written_the_change_is_not_kept(database: Database) -> None:
    task = a_new_task()
    async with database.transaction() as connection:
        same_place = {"aggregate_type": "task", "aggregate_id": task.id, "aggregate_version": 1}
        await connection.execute(ADD, an_event(**same_place))
        await connection.commit()

    with pytest.raises(IntegrityViolation) as refusal:
        await save(database, task)

    assert refusal.value.constraint == "uq_event_log_position"
    assert await find(database, task) is None
    assert await count_events(database) == 1


async def test_if_one_of_two_changes_is_refused_neither_is_kept(database: Database) -> None:
    first, second = a_new_task(), a_new_task()
    await save(database, second)
    stale = a_task(id=second.id, version=7)

    with pytest.raises(Exception, match="changed by somebody else"):
        await save(database, first, stale)

    assert await find(database, first) is None
    assert await count_events(database) == 1


async def test_a_cancelled_use_case_keeps_nothing_and_frees_its_connection(
    database: Database,
) -> None:
    task, has_saved = a_new_task(), asyncio.Event()

    async def linger() -> None:
        async with unit(SqlTaskUnitOfWork, database) as uow:
            await uow.tasks.save(task)
            has_saved.set()
            await asyncio.Event().wait()

    lingering = asyncio.create_task(linger())
    await has_saved.wait()
    lingering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lingering

    assert await find(database, task) is None
    await save(database, task_with_other_id := a_new_task())
    assert await find(database, task_with_other_id) is not None


async def test_a_unit_of_work_without_repositories_is_not_usable(database: Database) -> None:
    with pytest.raises(NotImplementedError):
        await unit(SqlUnitOfWork, database).__aenter__()


# --- What an event says -------------------------------------------------------------------------


@pytest.fixture
def work() -> Iterator[WorkContext]:
    work = WorkContext(request_id="request-0001", actor_id=ACTOR, traceparent="00-trace-span-01")
    token = current_work.set(work)
    yield work
    current_work.reset(token)


async def its_time(database: Database) -> dt.datetime:
    """The time as the database has it; SQLite's ends with milliseconds."""
    row = await database.fetch_one(TIME, {})
    assert row is not None
    time: dt.datetime = row["time"]
    return time


async def test_an_event_is_written_with_all_that_is_known_of_it(
    database: Database, work: WorkContext
) -> None:
    task = a_task(owner_id=OWNER)
    await save(database, task)
    task.assign(ACTOR, now=NOW)
    before = await its_time(database)
    await save(database, task)
    after = await its_time(database)

    (row,) = await all_events(database)
    written = dict(row)

    assert isinstance(written.pop("seq"), int)
    assert isinstance(written.pop("event_id"), UUID)
    assert before <= written.pop("recorded_at") <= after
    assert written == {
        "event_type": "task.assigned",
        "schema_version": 1,
        "module": "task",
        "aggregate_type": "task",
        "aggregate_id": task.id,
        "aggregate_version": 2,
        "ordinal": 0,
        "payload": {
            "task_id": str(task.id),
            "owner_id": str(OWNER),
            "assignee_id": str(ACTOR),
        },
        "correlation_id": "request-0001",
        "causation_id": None,
        "traceparent": "00-trace-span-01",
        "actor_id": ACTOR,
        "occurred_at": NOW,
    }
    assert set(dict(row)) == set(event_log.columns.keys())


async def test_outside_of_any_request_nobody_acts(database: Database) -> None:
    await save(database, a_new_task())
    (row,) = await all_events(database)
    assert (row["correlation_id"], row["actor_id"], row["traceparent"]) == (None, None, None)


# --- Several at once ----------------------------------------------------------------------------


async def test_events_of_one_change_are_numbered_in_their_order(database: Database) -> None:
    task = a_new_task()
    task.start(now=NOW)
    task.complete(now=NOW)

    await save(database, task)

    rows = await all_events(database)
    assert [(row["ordinal"], row["event_type"]) for row in rows] == [
        (0, "task.created"),
        (1, "task.started"),
        (2, "task.completed"),
    ]
    assert {row["aggregate_version"] for row in rows} == {1}
    assert len({row["event_id"] for row in rows}) == 3


async def test_events_of_two_changed_things_are_numbered_for_each(database: Database) -> None:
    first, second = a_new_task(), a_new_task()
    second.start(now=NOW)

    await save(database, first, second)

    rows = await all_events(database)
    assert [(row["aggregate_id"], row["ordinal"]) for row in rows] == [
        (first.id, 0),
        (second.id, 0),
        (second.id, 1),
    ]


async def test_a_thing_that_is_saved_twice_has_its_events_at_two_versions(
    database: Database,
) -> None:
    task = a_new_task()
    async with unit(SqlTaskUnitOfWork, database) as uow:
        await uow.tasks.save(task)
        task.start(now=NOW)
        await uow.tasks.save(task)
        await uow.commit()

    rows = await all_events(database)
    assert [(row["aggregate_version"], row["ordinal"]) for row in rows] == [(1, 0), (2, 0)]


async def test_an_event_is_written_once(database: Database) -> None:
    task = a_new_task()
    await save(database, task)
    await save(database, task)
    assert await count_events(database) == 1


async def test_a_change_without_events_writes_none(database: Database) -> None:
    user = a_full(User)
    async with unit(SqlUserUnitOfWork, database) as uow:
        await uow.users.save(user)
        await uow.commit()
    assert await count_events(database) == 0
