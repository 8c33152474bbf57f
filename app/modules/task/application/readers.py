"""What the use cases read around the domain: one statement each, outside any transaction."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from app.modules.task.application.dto import (
    TaskFilter,
    TaskHistoryQuery,
    TaskHistoryRow,
    TaskListQuery,
    TaskView,
)


class TaskReader(Protocol):
    async def task(self, user_id: UUID, task_id: UUID, /) -> TaskView | None:
        """Return the task if the user is its owner or assignee."""
        ...

    async def page(self, query: TaskListQuery, /) -> Sequence[TaskView]:
        """Return the user's tasks after a position, in the order asked for."""
        ...

    async def count(self, user_id: UUID, wanted: TaskFilter, /) -> int:
        """Return how many tasks of the user pass the filter."""
        ...

    async def history(self, query: TaskHistoryQuery, /) -> Sequence[TaskHistoryRow] | None:
        """Return the task's events after a position, or None if the user may not see the task."""
        ...
