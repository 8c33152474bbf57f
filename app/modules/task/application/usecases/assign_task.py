"""Assign a task."""

from collections.abc import Callable

from app.core.exceptions import Invalid
from app.modules.task.application.dto import Assignment, TaskView
from app.modules.task.application.quotas import AssignmentQuota
from app.modules.task.domain.repositories import Directory, TaskUnitOfWork
from app.shared.application.base_usecase import Clock


class AssignTask:
    """Assign a task to an active user, who can then see and change it; or to no one.

    Raises QuotaExceeded if the caller assigns to others too often.
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
        # Asked before the transaction, so that no lock is held while another module answers.
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
            await uow.commit()  # also without a change: it stores the answer of an Idempotency-Key
        return TaskView.of(task)
