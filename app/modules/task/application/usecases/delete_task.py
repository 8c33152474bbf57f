"""Delete a task."""

from collections.abc import Callable

from app.modules.task.application.dto import TaskCommand
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class DeleteTask:
    """Move a task to the bin, from which its owner can restore it for some time."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: TaskCommand) -> None:
        async with self._uow() as uow:
            task = await uow.tasks.get_for(
                request.actor.user_id, request.task_id, version=request.version
            )
            task.delete(by=request.actor.user_id, now=self._clock.now())
            await uow.tasks.save(task)
            await uow.commit()
