"""Storage of tasks."""

import datetime as dt
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, String, bindparam, func, or_, select, union_all

from app.modules.task.domain.entities import (
    REMINDER_LEAD,
    Labels,
    Priority,
    Task,
    TaskStatus,
    Title,
)
from app.modules.task.domain.errors import TaskNotFound
from app.modules.task.domain.repositories import TaskRepository, Usage
from app.modules.task.infrastructure.tables import AWAITS_REMINDER, IS_IN_USE, task
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.expressions import byte_length, wait_lock
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

PRIORITIES: Final = tuple(Priority)
STATUSES: Final = {status.value: status for status in TaskStatus}
NEVER_DUE: Final = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)

IS_VISIBLE = (
    (task.c.id == bindparam("task_id"))
    & or_(task.c.owner_id == bindparam("user_id"), task.c.assignee_id == bindparam("user_id"))
    & task.c.deleted_at.is_(None)
)
VISIBLE = Statement(select(task).where(IS_VISIBLE))
OWNED = Statement(
    select(task).where(task.c.id == bindparam("task_id"), task.c.owner_id == bindparam("user_id"))
)
IS_UNFINISHED = or_(
    task.c.status == TaskStatus.OPEN.value, task.c.status == TaskStatus.IN_PROGRESS.value
)
ASSIGNED = Statement(
    select(task)
    .where(task.c.assignee_id == bindparam("user_id"), task.c.deleted_at.is_(None), IS_UNFINISHED)
    .limit(bindparam("most"))
    # Wait for tasks that are being changed: among many, some always are.
    .with_for_update()
)
DUE_SOON = Statement(
    select(task)
    .where(
        AWAITS_REMINDER,
        task.c.due_at > bindparam("after"),
        task.c.due_at <= bindparam("until"),
        IS_UNFINISHED,
    )
    .order_by(task.c.due_at, task.c.id)
    .limit(bindparam("most"))
    # Skip tasks that are being changed now: the next run comes soon.
    .with_for_update(skip_locked=True)
)
_TEXTS = select(task.c.title, task.c.description).where(task.c.owner_id == bindparam("owner_id"))
_texts = union_all(
    *(
        select(_TEXTS.where(is_there).limit(bindparam("most")).subquery())
        for is_there in (IS_IN_USE, ~IS_IN_USE)
    )
).subquery("texts")
USAGE = Statement(
    select(
        func.count().label("tasks"),
        func.coalesce(
            func.sum(byte_length(_texts.c.title) + byte_length(_texts.c.description)), 0
        ).label("text_bytes"),
    ).select_from(_texts)
)
LOCK_USAGE = Statement(select(wait_lock(bindparam("name", type_=String))))


def _of_owner(c: Any) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", c.owner_id == bindparam("owner_id"))


# Two queries, because used and deleted tasks have an index each, and no index has both.
PURGE_IN_USE_OF = delete_batch(task, lambda c: _of_owner(c) & c.deleted_at.is_(None))
PURGE_IN_BIN_OF = delete_batch(task, lambda c: _of_owner(c) & c.deleted_at.is_not(None))
PURGE = delete_batch(task, lambda c: c.deleted_at < bindparam("deleted_before"), "deleted_at")


class SqlTaskRepository(BaseRepository[Task]):
    table: ClassVar = task
    not_found: ClassVar = TaskNotFound

    async def get_for(self, user_id: UUID, task_id: UUID, /, *, version: int | None) -> Task:
        found = await self._find(VISIBLE, task_id=task_id, user_id=user_id)
        return self._checked(found, version=version)

    async def get_owned(self, owner_id: UUID, task_id: UUID, /) -> Task:
        found = await self._find(OWNED, task_id=task_id, user_id=owner_id)
        return self._checked(found, version=None)

    async def assigned_to(self, user_id: UUID, /, *, most: int) -> list[Task]:
        return await self._find_all(ASSIGNED, user_id=user_id, most=most)

    async def due_soon(self, *, now: dt.datetime, most: int) -> list[Task]:
        return await self._find_all(DUE_SOON, after=now, until=now + REMINDER_LEAD, most=most)

    async def usage_of(self, owner_id: UUID, /, *, most: int) -> Usage:
        # Two statements: a statement sees the state of its beginning, before it had the lock.
        await self._connection.fetch_one(LOCK_USAGE, {"name": f"task.usage {owner_id}"})
        row = await self._connection.fetch_one(USAGE, {"owner_id": owner_id, "most": most})
        return Usage(**row) if row else Usage(0, 0)

    async def purge_of(self, owner_id: UUID, /, *, most: int) -> int:
        asked = {"owner_id": owner_id, "most": most}
        return await self._connection.execute(
            PURGE_IN_USE_OF, asked
        ) or await self._connection.execute(PURGE_IN_BIN_OF, asked)

    async def purge(self, *, deleted_before: dt.datetime, most: int) -> int:
        asked = {"deleted_before": deleted_before, "most": most}
        return await self._connection.execute(PURGE, asked)

    def to_row(self, aggregate: Task) -> dict[str, Any]:
        return {
            "owner_id": aggregate.owner_id,
            "assignee_id": aggregate.assignee_id,
            "title": aggregate.title.value,
            "description": aggregate.description,
            "status": aggregate.status.value,
            "priority": aggregate.priority.rank,
            "labels": list(aggregate.labels.values),
            "due_at": aggregate.due_at,
            "due_order": aggregate.due_at or NEVER_DUE,
            "reminded_for": aggregate.reminded_for,
            "completed_at": aggregate.completed_at,
            "deleted_at": aggregate.deleted_at,
        }

    def to_aggregate(self, row: Row) -> Task:
        return Task(
            **self.identity(row),
            owner_id=row["owner_id"],
            assignee_id=row["assignee_id"],
            title=Title(row["title"]),
            description=row["description"],
            status=STATUSES[row["status"]],
            priority=PRIORITIES[row["priority"]],
            labels=Labels(tuple(row["labels"])),
            due_at=row["due_at"],
            reminded_for=row["reminded_for"],
            completed_at=row["completed_at"],
            deleted_at=row["deleted_at"],
        )


class SqlTaskUnitOfWork(SqlUnitOfWork):
    tasks: TaskRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.tasks = SqlTaskRepository(connection, events)
