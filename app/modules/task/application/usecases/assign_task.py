"""Hand a task to somebody."""

from collections.abc import Callable

from app.core.exceptions import Invalid
from app.modules.task.application.dto import Assignment, TaskView
from app.modules.task.application.quotas import AssignmentQuota
from app.modules.task.domain.repositories import Directory, TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class AssignTask:
    """Give a task to an active user, who then sees it and works on it; or to nobody.

    Raises QuotaExceeded of who gives to others too often.
    """

    def __init__(
        self,
        uow: Callable[[], TaskUnitOfWork],
        directory: Directory,
        quota: AssignmentQuota,
        clock: Clock,
    ) -> None:
        self._uow, self._directory = uow, directory
        self._quota, self._clock = quota, clock

    async def execute(self, request: Assignment) -> TaskView:
        command, assignee_id = request.command, request.assignee_id
        # Asked before the transaction: nobody waits for us while we ask somebody else.
        is_known = assignee_id is None or await self._directory.has_active_user(assignee_id)
        if is_known and assignee_id not in {None, command.actor.user_id}:
            await self._quota.consume(command.actor.user_id)
        async with self._uow() as uow:
            task = await uow.tasks.get_for(
                command.actor.user_id, command.task_id, version=command.version
            )
            if not is_known:
                raise Invalid(
                    "assignee_id", "must be the id of an active user", code="unknown_user"
                )
            if task.assign(assignee_id, now=self._clock.now()):
                await uow.tasks.save(task)
            await uow.commit()  # also of nothing: an Idempotency-Key keeps its answer in it
        return TaskView.of(task)
