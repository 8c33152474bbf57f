"""The events of tasks."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class TaskEvent(DomainEvent):
    """The fields of each event of a task: the task and its owner."""

    task_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class TaskCreated(TaskEvent):
    """A task was created."""

    type: ClassVar = "task.created"


@dataclass(frozen=True, slots=True)
class TaskRevised(TaskEvent):
    """The text, priority, labels or due time of a task changed; `fields` names the changed ones."""

    type: ClassVar = "task.revised"

    fields: list[str]


@dataclass(frozen=True, slots=True)
class TaskStarted(TaskEvent):
    """Work on a task began."""

    type: ClassVar = "task.started"


@dataclass(frozen=True, slots=True)
class TaskCompleted(TaskEvent):
    """A task was completed."""

    type: ClassVar = "task.completed"


@dataclass(frozen=True, slots=True)
class TaskReopened(TaskEvent):
    """A task that was done or cancelled is open again."""

    type: ClassVar = "task.reopened"


@dataclass(frozen=True, slots=True)
class TaskCancelled(TaskEvent):
    """A task was cancelled."""

    type: ClassVar = "task.cancelled"


@dataclass(frozen=True, slots=True)
class TaskAssigned(TaskEvent):
    """A task was assigned to a user."""

    type: ClassVar = "task.assigned"

    assignee_id: UUID


@dataclass(frozen=True, slots=True)
class TaskUnassigned(TaskEvent):
    """A task no longer has an assignee."""

    type: ClassVar = "task.unassigned"


@dataclass(frozen=True, slots=True)
class TaskDueSoon(TaskEvent):
    """An unfinished task is due soon. Published once for each due time."""

    type: ClassVar = "task.due_soon"

    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class TaskDeleted(TaskEvent):
    """A task was moved to the bin."""

    type: ClassVar = "task.deleted"


@dataclass(frozen=True, slots=True)
class TaskRestored(TaskEvent):
    """A task was restored from the bin."""

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
