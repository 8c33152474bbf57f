"""Change the fields of a task."""

from collections.abc import Callable

from app.modules.task.application.dto import Revision, TaskView, to_changes
from app.modules.task.application.quotas import TaskQuota
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class ReviseTask:
    """Change a task's title, description, priority, due time or labels.

    Raises QuotaExceeded for the quota of the task's owner.
    """

    def __init__(self, uow: Callable[[], TaskUnitOfWork], quota: TaskQuota, clock: Clock) -> None:
        self._uow, self._quota, self._clock = uow, quota, clock

    async def execute(self, request: Revision) -> TaskView:
        command, changes = request.command, to_changes(request.changes)
        async with self._uow() as uow:
            task = await uow.tasks.get_for(
                command.actor.user_id, command.task_id, version=command.version
            )
            before = task.text_bytes
            if task.revise(changes, now=self._clock.now()):
                if (more := task.text_bytes - before) > 0:
                    await self._quota.consume(uow.tasks, task.owner_id, count=0, text_bytes=more)
                await uow.tasks.save(task)
                await uow.commit()
        return TaskView.of(task)
