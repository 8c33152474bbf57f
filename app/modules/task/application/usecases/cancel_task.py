"""Cancel a task."""

from collections.abc import Callable

from app.modules.task.application.dto import TaskCommand, TaskView
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class CancelTask:
    """Mark a task as cancelled."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: TaskCommand) -> TaskView:
        async with self._uow() as uow:
            task = await uow.tasks.get_for(
                request.actor.user_id, request.task_id, version=request.version
            )
            task.cancel(now=self._clock.now())
            await uow.tasks.save(task)
            await uow.commit()
        return TaskView.of(task)
