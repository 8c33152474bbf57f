"""The module's reads: one statement each, compiled once for each form of a list."""

from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, or_, select

from app.core.cursors import Cursors
from app.modules.task.application.dto import (
    TaskFilter,
    TaskHistoryEntry,
    TaskHistoryRequest,
    TaskListRequest,
    TaskView,
)
from app.modules.task.domain.entities import Task
from app.modules.task.infrastructure.repositories import IS_VISIBLE, PRIORITIES, STATUSES
from app.modules.task.infrastructure.tables import IS_IN_USE, task
from app.shared.application.dto import CursorPage
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.expressions import array_has
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement

# In the order of the view's fields, so that a view is built directly from a row.
_SHOWN = [task.c[shown.name] for shown in fields(TaskView)]
ONE = Statement(select(*_SHOWN).where(IS_VISIBLE))

HISTORY = KeysetList(
    "history",
    select(
        event_log.c.event_id,
        event_log.c.event_type.label("type"),
        event_log.c.aggregate_version.label("version"),
        event_log.c.occurred_at,
        event_log.c.actor_id,
        event_log.c.payload.label("data"),
    )
    .join(task, event_log.c.aggregate_id == task.c.id)
    .where(event_log.c.aggregate_type == Task.aggregate_type, IS_VISIBLE),
    unique=event_log.c.ordinal,
    sorts={"": [event_log.c.aggregate_version]},
    view=lambda row: TaskHistoryEntry(**row),
)

_IS_OWN: Final = task.c.owner_id == bindparam("user_id")
# The first part has tasks that their owner assigned to themselves.
_IS_ASSIGNED: Final = (task.c.assignee_id == bindparam("user_id")) & (
    task.c.owner_id != bindparam("user_id")
)


def _view(row: Row) -> TaskView:
    view = TaskView(*row.values())  # by name it takes ten times as long, for each row of a list
    view.status, view.priority = STATUSES[row["status"]], PRIORITIES[row["priority"]]
    return view


TASKS = KeysetList(
    "tasks",
    # Two reads along an index, merged: an OR would read and sort all of them.
    *(select(*_SHOWN).where(whose, IS_IN_USE) for whose in (_IS_OWN, _IS_ASSIGNED)),
    unique=task.c.id,
    sorts={
        "created_at": [task.c.created_at],
        "due_at": [task.c.due_order],
        "priority": [task.c.priority],
    },
    filters={
        "status": task.c.status == bindparam("status"),
        "priority": task.c.priority == bindparam("priority"),
        "label": array_has(task.c.labels, bindparam("label")),
        "assignee": task.c.assignee_id == bindparam("assignee"),
        "due_before": task.c.due_at < bindparam("due_before"),
        "due_after": task.c.due_at > bindparam("due_after"),
        "q": or_(
            task.c.title.ilike(bindparam("q"), escape="\\"),
            task.c.description.ilike(bindparam("q"), escape="\\"),
        ),
    },
    view=_view,
)


class SqlTaskReader:
    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database, self._cursors = database, cursors

    async def task(self, user_id: UUID, task_id: UUID, /) -> TaskView | None:
        row = await self._database.fetch_one(ONE, {"task_id": task_id, "user_id": user_id})
        return None if row is None else _view(row)

    async def page(self, request: TaskListRequest, /) -> CursorPage[TaskView]:
        return await TASKS.page(
            self._database,
            self._cursors,
            request.page,
            {"user_id": request.actor.user_id},
            _values(request.filter),
        )

    async def history(self, request: TaskHistoryRequest, /) -> CursorPage[TaskHistoryEntry] | None:
        params = {"task_id": request.task_id, "user_id": request.actor.user_id}
        page = await HISTORY.page(self._database, self._cursors, request.page, params)
        if page.items or await self.task(request.actor.user_id, request.task_id):
            return page
        return None


def _values(wanted: TaskFilter) -> dict[str, Any]:
    """Return the values that the columns are compared with."""
    given = wanted.given()
    if wanted.status is not None:
        given["status"] = wanted.status.value
    if wanted.priority is not None:
        given["priority"] = wanted.priority.rank
    if wanted.q is not None:
        given["q"] = f"%{_literal(wanted.q)}%"
    return given


def _literal(text: str) -> str:
    """Escape the wildcards of LIKE: a search finds the text as typed."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
