"""Get one task."""

from app.modules.task.application.dto import TaskCommand, TaskView
from app.modules.task.application.readers import TaskReader
from app.modules.task.domain.errors import TaskNotFound


class GetTask:
    """Return a task if the actor is its owner or its assignee."""

    def __init__(self, reader: TaskReader) -> None:
        self._reader = reader

    async def execute(self, request: TaskCommand) -> TaskView:
        task = await self._reader.task(request.actor.user_id, request.task_id)
        if task is None:
            raise TaskNotFound
        return task
