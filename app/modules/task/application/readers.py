"""The reads of the use cases: one statement each, outside any transaction."""

from typing import Protocol
from uuid import UUID

from app.modules.task.application.dto import (
    TaskHistoryEntry,
    TaskHistoryRequest,
    TaskListRequest,
    TaskView,
)
from app.shared.application.dto import CursorPage


class TaskReader(Protocol):
    async def task(self, user_id: UUID, task_id: UUID, /) -> TaskView | None:
        """Return the task if the user is its owner or assignee."""
        ...

    async def page(self, request: TaskListRequest, /) -> CursorPage[TaskView]:
        """Return a page of the actor's own and assigned tasks. Raises InvalidCursor."""
        ...

    async def history(self, request: TaskHistoryRequest, /) -> CursorPage[TaskHistoryEntry] | None:
        """Return a page of the task's events, oldest first, or None if the actor may not see it.

        Raises InvalidCursor.
        """
        ...
