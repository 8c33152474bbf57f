"""Look at what happened to a task."""

from app.core.cursors import Cursors
from app.modules.task.application.dto import (
    TaskHistoryEntry,
    TaskHistoryQuery,
    TaskHistoryRequest,
)
from app.modules.task.application.readers import TaskReader
from app.modules.task.domain.errors import TaskNotFound
from app.shared.application.dto import CursorPage


class TaskHistory:
    """The events of one task, oldest first, if the actor is its owner or its assignee.

    It reaches back as far as the event log is kept.
    """

    def __init__(self, reader: TaskReader, cursors: Cursors) -> None:
        self._reader, self._cursors = reader, cursors

    async def execute(self, request: TaskHistoryRequest) -> CursorPage[TaskHistoryEntry]:
        this_list = f"history {request.actor.user_id} {request.task_id}"
        version, ordinal = 0, -1  # before the first one
        if request.cursor is not None:
            version, ordinal = map(int, self._cursors.open(request.cursor, of=this_list))
        found = await self._reader.history(
            TaskHistoryQuery(
                user_id=request.actor.user_id,
                task_id=request.task_id,
                after=(version, ordinal),
                size=request.limit + 1,  # one more tells whether there is a next page
            )
        )
        if found is None:
            raise TaskNotFound
        shown = found[: request.limit]
        last = [str(part) for part in shown[-1].position] if shown else []
        return CursorPage(
            items=[row.entry for row in shown],
            next_cursor=self._cursors.seal(last, of=this_list)
            if len(found) > request.limit
            else None,
            limit=request.limit,
        )
