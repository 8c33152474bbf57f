"""Restore a task from the bin."""

from collections.abc import Callable

from app.modules.task.application.dto import TaskCommand, TaskView
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class RestoreTask:
    """Restore a deleted task. Only its owner may do it."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: TaskCommand) -> TaskView:
        async with self._uow() as uow:
            task = await uow.tasks.get_owned(request.actor.user_id, request.task_id)
            task.restore(now=self._clock.now())
            await uow.tasks.save(task)
            await uow.commit()
        return TaskView.of(task)
