"""The history of a task."""

from app.modules.task.application.dto import TaskHistoryEntry, TaskHistoryRequest
from app.modules.task.application.readers import TaskReader
from app.modules.task.domain.errors import TaskNotFound
from app.shared.application.dto import CursorPage


class TaskHistory:
    """Return the events of one task, oldest first, if the actor is its owner or its assignee.

    It goes back as far as the event log is kept.
    """

    def __init__(self, reader: TaskReader) -> None:
        self._reader = reader

    async def execute(self, request: TaskHistoryRequest) -> CursorPage[TaskHistoryEntry]:
        """Return a page. Raises TaskNotFound and InvalidCursor."""
        page = await self._reader.history(request)
        if page is None:
            raise TaskNotFound
        return page
