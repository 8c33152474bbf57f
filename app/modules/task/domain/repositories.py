"""The storage and the other modules that the use cases need."""

import datetime as dt
from typing import NamedTuple, Protocol
from uuid import UUID

from app.modules.task.domain.entities import Task
from app.shared.domain.unit_of_work import UnitOfWork


class Usage(NamedTuple):
    """What an owner uses: tasks, and bytes of their titles and descriptions."""

    tasks: int
    text_bytes: int


class TaskRepository(Protocol):
    async def get_for(self, user_id: UUID, task_id: UUID, /, *, version: int | None) -> Task:
        """Return the task if the user is its owner or assignee.

        Raises TaskNotFound, and StaleVersion if the task has another version than the given one.
        """
        ...

    async def get_owned(self, owner_id: UUID, task_id: UUID, /) -> Task:
        """Return the owner's task, also from the bin. Raises TaskNotFound."""
        ...

    async def assigned_to(self, user_id: UUID, /, *, most: int) -> list[Task]:
        """Return and lock the unfinished tasks that are assigned to the user."""
        ...

    async def due_soon(self, *, now: dt.datetime, most: int) -> list[Task]:
        """Return and lock tasks that need a reminder, the most urgent first."""
        ...

    async def save(self, task: Task, /) -> None: ...

    async def usage_of(self, owner_id: UUID, /, *, most: int) -> Usage:
        """Return an owner's usage, with the bin, counting at most `most` tasks in each.

        Of several calls for one owner each waits for the transaction of the one before.
        """
        ...

    async def purge_of(self, owner_id: UUID, /, *, most: int) -> int:
        """Delete tasks of an owner, also those in the bin; return how many."""
        ...

    async def purge(self, *, deleted_before: dt.datetime, most: int) -> int:
        """Delete tasks that were moved to the bin before then; return how many."""
        ...


class TaskUnitOfWork(UnitOfWork, Protocol):
    tasks: TaskRepository


class Directory(Protocol):
    """Answers who can be assigned a task, from the module that has the accounts."""

    async def has_active_user(self, user_id: UUID, /) -> bool: ...
