"""Change what a task says."""

from collections.abc import Callable

from app.modules.task.application.dto import Revision, TaskView, to_changes
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class ReviseTask:
    """Change a task's title, description, priority, due time or labels."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: Revision) -> TaskView:
        command, changes = request.command, to_changes(request.changes)
        async with self._uow() as uow:
            task = await uow.tasks.get_for(
                command.actor.user_id, command.task_id, version=command.version
            )
            if task.revise(changes, now=self._clock.now()):
                await uow.tasks.save(task)
                await uow.commit()
        return TaskView.of(task)
