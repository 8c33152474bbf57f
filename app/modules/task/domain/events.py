"""What happens to tasks."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class TaskEvent(DomainEvent):
    """Every one says which task, and whose."""

    task_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class TaskCreated(TaskEvent):
    """There is a new task."""

    type: ClassVar = "task.created"


@dataclass(frozen=True, slots=True)
class TaskRevised(TaskEvent):
    """Its description changed; `fields` names what did, not to what."""

    type: ClassVar = "task.revised"

    fields: list[str]


@dataclass(frozen=True, slots=True)
class TaskStarted(TaskEvent):
    """Somebody works on it."""

    type: ClassVar = "task.started"


@dataclass(frozen=True, slots=True)
class TaskCompleted(TaskEvent):
    """It is done."""

    type: ClassVar = "task.completed"


@dataclass(frozen=True, slots=True)
class TaskReopened(TaskEvent):
    """It was done or cancelled, and is to be done after all."""

    type: ClassVar = "task.reopened"


@dataclass(frozen=True, slots=True)
class TaskCancelled(TaskEvent):
    """It will not be done."""

    type: ClassVar = "task.cancelled"


@dataclass(frozen=True, slots=True)
class TaskAssigned(TaskEvent):
    """Somebody else is to do it."""

    type: ClassVar = "task.assigned"

    assignee_id: UUID


@dataclass(frozen=True, slots=True)
class TaskUnassigned(TaskEvent):
    """The assignee no longer does it, and nobody else was named."""

    type: ClassVar = "task.unassigned"


@dataclass(frozen=True, slots=True)
class TaskDueSoon(TaskEvent):
    """It is still to be done, and not much time is left; told once for each due time."""

    type: ClassVar = "task.due_soon"

    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class TaskDeleted(TaskEvent):
    """It is in the bin."""

    type: ClassVar = "task.deleted"


@dataclass(frozen=True, slots=True)
class TaskRestored(TaskEvent):
    """It is back from the bin."""

    type: ClassVar = "task.restored"


EVENTS = (
    TaskCreated,
    TaskRevised,
    TaskStarted,
    TaskCompleted,
    TaskReopened,
    TaskCancelled,
    TaskAssigned,
    TaskUnassigned,
    TaskDueSoon,
    TaskDeleted,
    TaskRestored,
)
