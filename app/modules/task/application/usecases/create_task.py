"""Create a task."""

from collections.abc import Callable

from app.modules.task.application.dto import NewTask, TaskView, to_changes
from app.modules.task.application.quotas import TaskQuota
from app.modules.task.domain.entities import Task
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class CreateTask:
    """Create a task of the actor. Raises QuotaExceeded."""

    def __init__(self, uow: Callable[[], TaskUnitOfWork], quota: TaskQuota, clock: Clock) -> None:
        self._uow, self._quota, self._clock = uow, quota, clock

    async def execute(self, request: NewTask) -> TaskView:
        task = Task.create(
            owner_id=request.actor.user_id,
            now=self._clock.now(),
            details=to_changes(request.details),
        )
        async with self._uow() as uow:
            await self._quota.consume(uow.tasks, task.owner_id, count=1, text_bytes=task.text_bytes)
            await uow.tasks.save(task)
            await uow.commit()
        return TaskView.of(task)
