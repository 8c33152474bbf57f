"""The event handlers and schedules of the task module."""

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from app.core.context import current_work
from app.core.endings import Continue, Discard
from app.core.events import subscribe
from app.core.schedules import every
from app.modules.task.application.dto import TaskView
from app.modules.task.application.email_sender import AddressBook, TaskEmailSender
from app.modules.task.application.readers import TaskReader
from app.modules.task.domain.events import TaskAssigned, TaskCompleted, TaskDueSoon
from app.modules.task.domain.repositories import TaskUnitOfWork
from app.modules.user.domain.events import UserDeactivated, UserDeleted
from app.shared.application.base_usecase import Clock
from app.shared.application.webhook import EventWebhook, webhook
from app.shared.domain.events import ScheduleTick


class _ReleaseTheirTasks:
    """Tasks that were assigned to a user who is gone return to their owners."""

    MOST_AT_ONCE = 500

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, event: UserDeactivated | UserDeleted, uow: TaskUnitOfWork) -> None:
        tasks = await uow.tasks.assigned_to(event.user_id, most=self.MOST_AT_ONCE)
        for task in tasks:
            task.release(now=self._clock.now())
            await uow.tasks.save(task)
        if tasks:
            raise Continue


@subscribe(UserDeactivated, id="task.release_tasks_of_user")
class WhenUserDeactivatedReleaseTheirTasks(_ReleaseTheirTasks):
    """The user may come back."""


@subscribe(UserDeleted, id="task.release_tasks_of_leaver")
class WhenUserDeletedReleaseTheirTasks(_ReleaseTheirTasks):
    """The user is deleted.

    It is separate from the deletion of their tasks, so that neither waits.
    """


@subscribe(UserDeleted, id="task.forget_user")
class WhenUserDeletedForgetTheirTasks:
    """The tasks of a deleted user are deleted too.

    Only their events remain, which hold ids and the names of fields. An assignee loses these tasks,
    because they belonged to the user.
    """

    MOST_AT_ONCE = 1_000

    async def __call__(self, event: UserDeleted, uow: TaskUnitOfWork) -> None:
        if await uow.tasks.purge_of(event.user_id, most=self.MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(hours=1), id="task.empty_bin")
class EmptyBin:
    """Delete tasks that have been in the bin for long enough."""

    MOST_AT_ONCE = 1_000

    def __init__(self, clock: Clock, keep: dt.timedelta) -> None:
        self._clock, self._keep = clock, keep

    async def __call__(self, _tick: ScheduleTick, uow: TaskUnitOfWork) -> None:
        before = self._clock.now() - self._keep
        if await uow.tasks.purge(deleted_before=before, most=self.MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(minutes=15), id="task.remind_due")
class RemindOfDueTasks:
    """Publish an event for each task that is due soon, once for each due time."""

    MOST_AT_ONCE = 500

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: TaskUnitOfWork) -> None:
        now = self._clock.now()
        found = await uow.tasks.due_soon(now=now, most=self.MOST_AT_ONCE)
        reminded = [task for task in found if task.remind(now=now)]
        for task in reminded:
            await uow.tasks.save(task)
        if reminded:
            raise Continue


@subscribe(
    TaskAssigned,
    id="task.email_assignee",
    on_dead="skip",
    max_attempts=15,  # for about five hours
    timeout=60.0,
    transactional=False,
)
class WhenTaskAssignedEmailTheAssignee:
    """The assignee of a task gets an email, if the task is still assigned to them."""

    def __init__(
        self, reader: TaskReader, addresses: AddressBook, email_sender: TaskEmailSender
    ) -> None:
        self._reader, self._addresses, self._email_sender = reader, addresses, email_sender

    async def __call__(self, event: TaskAssigned, key: str) -> None:
        assignee_id = event.assignee_id
        given_by = current_work.get().actor_id or event.owner_id
        if assignee_id == given_by:
            return
        task = await self._reader.task(assignee_id, event.task_id)
        if task is None or task.assignee_id != assignee_id or task.status.is_closed:
            raise Discard("the task is no longer assigned to the user")
        if await self._addresses.find(given_by) is None:
            raise Discard("the user who assigned it may no longer do so")
        recipient = await self._addresses.find(assignee_id)
        if recipient is None:
            raise Discard("the assignee has no active account")
        await self._email_sender.send_assigned(recipient, task, key=key)


@subscribe(
    TaskDueSoon,
    id="task.email_due_soon",
    on_dead="skip",
    max_attempts=15,
    timeout=60.0,
    transactional=False,
)
class WhenTaskDueSoonEmailTheResponsible:
    """The assignee, or else the owner, gets an email if the task is still due at that time."""

    def __init__(
        self, reader: TaskReader, addresses: AddressBook, email_sender: TaskEmailSender
    ) -> None:
        self._reader, self._addresses, self._email_sender = reader, addresses, email_sender

    async def __call__(self, event: TaskDueSoon, key: str) -> None:
        task = await self._reader.task(event.owner_id, event.task_id)
        if task is None or task.due_at != event.due_at or task.status.is_closed:
            raise Discard("the task is not due at that time any more")
        for user_id in _who_does(task):
            if recipient := await self._addresses.find(user_id):
                await self._email_sender.send_due_soon(recipient, task, key=key)
                return
        raise Discard("neither assignee nor owner has an active account")


def _who_does(task: TaskView) -> list[UUID]:
    return [user_id for user_id in (task.assignee_id, task.owner_id) if user_id is not None]


@webhook(TaskCompleted, id="task.webhook_completed")
class WhenTaskCompletedSendAWebhook(EventWebhook):
    """The receiver at EXTERNAL_API_URL gets the id of the completed task."""

    def data(self, event: TaskCompleted) -> Mapping[str, UUID]:
        return {"task_id": event.task_id}
