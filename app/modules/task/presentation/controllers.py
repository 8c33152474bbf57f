"""The endpoints of the task module. Their docstrings are the API's documentation."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from app.core.parameters import CurrentActor, IfMatch
from app.core.wire import Id
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
    TaskHistoryParameters,
    TaskListParameters,
    TaskPatch,
)
from app.shared.application.dto import CursorPage


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskController:
    """Tasks. Every write of an existing one asks for its ETag in If-Match."""

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
        """Read a task that is yours or assigned to you."""
        return await self.get_task.execute(TaskCommand(actor, task_id))

    async def list(
        self, actor: CurrentActor, query: Annotated[TaskListParameters, Query()]
    ) -> CursorPage[TaskView]:
        """List the tasks that are yours or assigned to you, newest first unless `sort` says else.

        Follow `next_cursor` for the next page, with the same filters and order.
        """
        sort, descending = query.order()
        request = TaskListRequest(
            actor=actor,
            filter=query.filter(),
            sort=sort,
            descending=descending,
            limit=query.limit,
            cursor=query.cursor,
            with_total=query.with_total,
        )
        return await self.list_tasks.execute(request)

    async def history(
        self, task_id: Id, actor: CurrentActor, query: Annotated[TaskHistoryParameters, Query()]
    ) -> CursorPage[TaskHistoryEntry]:
        """List what happened to a task, oldest first, as far back as it is kept."""
        request = TaskHistoryRequest(
            actor=actor, task_id=task_id, limit=query.limit, cursor=query.cursor
        )
        return await self.task_history.execute(request)

    async def revise(
        self, task_id: Id, actor: CurrentActor, version: IfMatch, body: TaskPatch
    ) -> TaskView:
        """Change title, description, priority, due time or labels. What is left out stays."""
        changes = {name: getattr(body, name) for name in body.model_fields_set}
        return await self.revise_task.execute(
            Revision(TaskCommand(actor, task_id, version), changes)
        )

    async def start(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Mark an open task as in progress."""
        return await self.start_task.execute(TaskCommand(actor, task_id, version))

    async def complete(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Mark a task as done."""
        return await self.complete_task.execute(TaskCommand(actor, task_id, version))

    async def reopen(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Open a task again that was completed or cancelled."""
        return await self.reopen_task.execute(TaskCommand(actor, task_id, version))

    async def cancel(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> TaskView:
        """Mark a task as not to be done."""
        return await self.cancel_task.execute(TaskCommand(actor, task_id, version))

    async def assign(
        self, task_id: Id, actor: CurrentActor, version: IfMatch, body: TaskAssignment
    ) -> TaskView:
        """Hand a task to a user, who then sees it and works on it; `null` to nobody."""
        return await self.assign_task.execute(
            Assignment(TaskCommand(actor, task_id, version), body.assignee_id)
        )

    async def delete(self, task_id: Id, actor: CurrentActor, version: IfMatch) -> None:
        """Put a task of your own into the bin."""
        await self.delete_task.execute(TaskCommand(actor, task_id, version))

    async def restore(self, task_id: Id, actor: CurrentActor) -> TaskView:
        """Take a task of your own out of the bin. It can't be read there, so no ETag is asked."""
        return await self.restore_task.execute(TaskCommand(actor, task_id))
