"""The endpoints of the task module. Their docstrings are the API's documentation."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from app.core.http.parameters import CurrentActor, IfMatch
from app.core.http.schema_types import Id
from app.modules.task.application.dto import (
    Assignment,
    NewTask,
    Revision,
    TaskCommand,
    TaskHistoryEntry,
    TaskHistoryRequest,
    TaskListRequest,
    TaskView,
)
from app.modules.task.application.usecases.assign_task import AssignTask
from app.modules.task.application.usecases.cancel_task import CancelTask
from app.modules.task.application.usecases.complete_task import CompleteTask
from app.modules.task.application.usecases.create_task import CreateTask
from app.modules.task.application.usecases.delete_task import DeleteTask
from app.modules.task.application.usecases.get_task import GetTask
from app.modules.task.application.usecases.list_tasks import ListTasks
from app.modules.task.application.usecases.reopen_task import ReopenTask
from app.modules.task.application.usecases.restore_task import RestoreTask
from app.modules.task.application.usecases.revise_task import ReviseTask
from app.modules.task.application.usecases.start_task import StartTask
from app.modules.task.application.usecases.task_history import TaskHistory
from app.modules.task.presentation.schemas import (
    TaskAssignment,
    TaskDraft,
    TaskListParameters,
    TaskPatch,
)
from app.shared.application.dto import CursorPage
from app.shared.presentation.pages import PageParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskController:
    """Tasks. Every change of an existing one requires its ETag in If-Match."""

    create_task: CreateTask
    get_task: GetTask
    list_tasks: ListTasks
    revise_task: ReviseTask
    start_task: StartTask
    complete_task: CompleteTask
    reopen_task: ReopenTask
    cancel_task: CancelTask
    assign_task: AssignTask
    delete_task: DeleteTask
    restore_task: RestoreTask
    task_history: TaskHistory

    async def create(self, actor: CurrentActor, body: TaskDraft) -> TaskView:
        """Create a task of your own."""
        return await self.create_task.execute(NewTask(actor, dict(body)))

    async def get(self, task_id: Id, actor: CurrentActor) -> TaskView:
        """Get a task that is yours or assigned to you."""
        return await self.get_task.execute(TaskCommand(actor, task_id))

    async def list(
        self, actor: CurrentActor, query: Annotated[TaskListParameters, Query()]
    ) -> CursorPage[TaskView]:
        """List the tasks that are yours or assigned to you.

        The newest come first unless `sort` says otherwise. For the next page, send `next_cursor` as
        `cursor`, with the same filters and order.
        """
        request = TaskListRequest(actor=actor, filter=query.filter(), page=query.page())
        return await self.list_tasks.execute(request)

    async def list_history(
        self, task_id: Id, actor: CurrentActor, query: Annotated[PageParameters, Query()]
    ) -> CursorPage[TaskHistoryEntry]:
        """List the history of a task, oldest first.

        It goes back as far as the service keeps events.
        """
        request = TaskHistoryRequest(actor=actor, task_id=task_id, page=query.page())
        return await self.task_history.execute(request)

    async def revise(
        self, task_id: Id, actor: CurrentActor, version: IfMatch, body: TaskPatch
    ) -> TaskView:
        """Revise title, description, priority, due time or labels of a task.

        Fields that you leave out stay as they are.
        """
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        return await self.revise_task.execute(
            Revision(TaskCommand(actor, task_id, version), changes)
        )

    async def start(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Start a task.

        Its status becomes `in_progress`.
        """
        return await self.start_task.execute(TaskCommand(actor, task_id, version))

    async def complete(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Complete a task.

        Its status becomes `done`.
        """
        return await self.complete_task.execute(TaskCommand(actor, task_id, version))

    async def reopen(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Reopen a task that was completed or cancelled."""
        return await self.reopen_task.execute(TaskCommand(actor, task_id, version))

    async def cancel(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Cancel a task.

        Its status becomes `cancelled`.
        """
        return await self.cancel_task.execute(TaskCommand(actor, task_id, version))

    async def assign(
        self, task_id: Id, actor: CurrentActor, version: IfMatch, body: TaskAssignment
    ) -> TaskView:
        """Assign a task to a user.

        The user can then see and change it. `null` removes the assignee.
        """
        return await self.assign_task.execute(
            Assignment(TaskCommand(actor, task_id, version), body.assignee_id)
        )

    async def delete(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> None:
        """Delete a task of your own.

        It is moved to the bin, from which you can restore it for some time.
        """
        await self.delete_task.execute(TaskCommand(actor, task_id, version))

    async def restore(self, task_id: Id, actor: CurrentActor) -> TaskView:
        """Restore a task of your own from the bin.

        A task in the bin cannot be read, so `If-Match` is not required.
        """
        return await self.restore_task.execute(TaskCommand(actor, task_id))
