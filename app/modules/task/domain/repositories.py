"""What the use cases ask of storage and of other modules."""

import datetime as dt
from typing import NamedTuple, Protocol
from uuid import UUID

from app.modules.task.domain.entities import Task
from app.shared.domain.unit_of_work import UnitOfWork


class Usage(NamedTuple):
    """How much somebody has: tasks, and bytes of their titles and descriptions."""

    tasks: int
    text_bytes: int


class TaskRepository(Protocol):
    async def get_for(self, user_id: UUID, task_id: UUID, /, *, version: int | None) -> Task:
        """Return the task of which the user is owner or assignee.

        Raises TaskNotFound, and StaleVersion if it has another version than the one given.
        """
        ...

    async def get_owned(self, owner_id: UUID, task_id: UUID, /) -> Task:
        """Return the owner's task, in the bin or not. Raises TaskNotFound."""
        ...

    async def assigned_to(self, user_id: UUID, /, *, most: int) -> list[Task]:
        """Return tasks that the user is to do and that are not closed. Nobody changes them now."""
        ...

    async def due_soon(self, *, now: dt.datetime, most: int) -> list[Task]:
        """Return tasks to remind somebody of, the most urgent first. Nobody else has them now."""
        ...

    async def save(self, task: Task, /) -> None: ...

    async def usage_of(self, owner_id: UUID, /, *, most: int) -> Usage:
        """Return how much an owner has, in the bin too, as far as `most` tasks in use and in it.

        Of several that ask for one owner each waits for the transaction of the one before.
        """
        ...

    async def purge_of(self, owner_id: UUID, /, *, most: int) -> int:
        """Remove tasks of an owner for good, those in the bin too; return how many."""
        ...

    async def purge(self, *, deleted_before: dt.datetime, most: int) -> int:
        """Remove for good what was put into the bin before then; return how many."""
        ...


class TaskUnitOfWork(UnitOfWork, Protocol):
    tasks: TaskRepository


class Directory(Protocol):
    """Who can be given a task: a question to whoever keeps the accounts."""

    async def has_active_user(self, user_id: UUID, /) -> bool: ...
