"""List tasks."""

from app.core.concurrency_limit import ConcurrencyLimit
from app.modules.task.application.dto import TaskListRequest, TaskView
from app.modules.task.application.readers import TaskReader
from app.shared.application.dto import CursorPage


class ListTasks:
    """Return a page of the actor's own and assigned tasks, filtered and sorted.

    A search reads all tasks of the actor, so the number of concurrent lists is limited for each
    user.
    """

    def __init__(self, reader: TaskReader, concurrency: ConcurrencyLimit) -> None:
        self._reader, self._concurrency = reader, concurrency

    async def execute(self, request: TaskListRequest) -> CursorPage[TaskView]:
        """Return a page. Raises InvalidCursor and TooManyRequests."""
        await self._concurrency.acquire(request.actor.user_id)
        try:
            return await self._reader.page(request)
        finally:
            self._concurrency.release(request.actor.user_id)
