"""What the use cases take and return."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.core.security import Actor
from app.modules.task.domain.entities import Labels, Priority, Task, TaskChanges, TaskStatus, Title
from app.shared.application.dto import BaseResponse, PageRequest


@dataclass(frozen=True, slots=True)
class TaskCommand:
    """An action on one task at the `version` that the caller saw; None accepts any version."""

    actor: Actor
    task_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class NewTask:
    actor: Actor
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Revision:
    command: TaskCommand
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Assignment:
    command: TaskCommand
    assignee_id: UUID | None


def to_changes(sent: dict[str, Any]) -> TaskChanges:
    """Return the changes as values of the domain. Raises Invalid if one breaks a rule."""
    changes: TaskChanges = {**sent}  # type: ignore[typeddict-item]  # the two values made below
    if "title" in sent:
        changes["title"] = Title(sent["title"])
    if "labels" in sent:
        changes["labels"] = Labels(tuple(sent["labels"]))
    return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """The filter of a list; None accepts all."""

    status: TaskStatus | None = None
    priority: Priority | None = None
    label: str | None = None
    assignee: UUID | None = None
    due_before: dt.datetime | None = None
    due_after: dt.datetime | None = None
    q: str | None = None

    def given(self) -> dict[str, Any]:
        """Return those that are not None."""
        # Not `asdict`, which copies every value and takes ten times as long.
        values = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListRequest:
    actor: Actor
    filter: TaskFilter = field(default_factory=TaskFilter)
    page: PageRequest = field(default_factory=PageRequest)


@dataclass
class TaskView(BaseResponse):
    """A task as its owner and its assignee see it."""

    owner_id: UUID
    title: str
    description: str
    status: TaskStatus
    priority: Priority
    labels: list[str]
    due_at: dt.datetime | None
    assignee_id: UUID | None
    completed_at: dt.datetime | None

    @classmethod
    def of(cls, task: Task) -> "TaskView":
        return cls(
            id=task.id,
            version=task.version,
            created_at=task.created_at,
            updated_at=task.updated_at,
            owner_id=task.owner_id,
            title=task.title.value,
            description=task.description,
            status=task.status,
            priority=task.priority,
            labels=list(task.labels.values),
            due_at=task.due_at,
            assignee_id=task.assignee_id,
            completed_at=task.completed_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHistoryRequest:
    actor: Actor
    task_id: UUID
    page: PageRequest = field(default_factory=PageRequest)


@dataclass
class TaskHistoryEntry:
    """An event of a task. `version` is the task's version after it."""

    event_id: UUID
    type: str
    version: int
    occurred_at: dt.datetime
    actor_id: UUID | None
    data: dict[str, Any]
