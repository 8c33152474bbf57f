"""The task: always valid, and changed only by its own methods."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self, TypedDict
from uuid import UUID

from app.core.exceptions import Invalid
from app.modules.task.domain import events
from app.modules.task.domain.errors import (
    OnlyTheOwner,
    TaskAlreadyCancelled,
    TaskAlreadyCompleted,
    TaskAlreadyStarted,
    TaskNotClosed,
    TaskNotInBin,
)
from app.shared.domain.base_entity import AggregateRoot


class TaskStatus(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_closed(self) -> bool:
        """Whether the task is done or cancelled."""
        return self in {TaskStatus.DONE, TaskStatus.CANCELLED}


class Priority(StrEnum):
    """The urgency of a task, the least urgent first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """Its place in this order, which differs from the alphabetical one."""
        return list(Priority).index(self)


@dataclass(frozen=True, slots=True)
class Title:
    """The title of a task, on one line."""

    MAX_LENGTH: ClassVar = 200

    value: str

    def __post_init__(self) -> None:
        if not self.value.strip() or len(self.value) > self.MAX_LENGTH:
            raise Invalid("title", f"must have 1 to {self.MAX_LENGTH} characters")


@dataclass(frozen=True, slots=True)
class Labels:
    """Up to ten labels by which a task is found, each once."""

    MAX_COUNT: ClassVar = 10
    MAX_LENGTH: ClassVar = 40

    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) > self.MAX_COUNT or len(set(self.values)) < len(self.values):
            raise Invalid("labels", f"must be at most {self.MAX_COUNT} labels, each once")
        if not all(value.strip() and len(value) <= self.MAX_LENGTH for value in self.values):
            raise Invalid("labels", f"must have 1 to {self.MAX_LENGTH} characters each")


DESCRIPTION_MAX_LENGTH = 10_000
REMINDER_LEAD = dt.timedelta(hours=24)
"""How long before the due time of a task a reminder is sent."""


class TaskChanges(TypedDict, total=False):
    """The fields that may be revised. A missing key leaves its field unchanged."""

    title: Title
    description: str
    priority: Priority
    due_at: dt.datetime | None
    labels: Labels


@dataclass(eq=False, kw_only=True, slots=True)
class Task(AggregateRoot):
    """A task of an owner, which may be assigned to another user."""

    aggregate_type: ClassVar = "task"

    owner_id: UUID
    title: Title
    description: str = ""
    priority: Priority = Priority.NORMAL
    status: TaskStatus = TaskStatus.OPEN
    labels: Labels = Labels()
    due_at: dt.datetime | None = None
    reminded_for: dt.datetime | None = None
    """The due time of the last reminder: a new due time gets a new reminder."""
    assignee_id: UUID | None = None
    completed_at: dt.datetime | None = None
    deleted_at: dt.datetime | None = None

    @classmethod
    def create(cls, *, owner_id: UUID, now: dt.datetime, details: TaskChanges) -> Self:
        """Return a new, open task. Raises Invalid if `details` has no title."""
        if "title" not in details:
            raise Invalid("title", "is required", code="required")
        task = cls(owner_id=owner_id, created_at=now, updated_at=now, **details)
        task.record(events.TaskCreated(task.id, owner_id))
        return task

    @property
    def text_bytes(self) -> int:
        """The bytes of its title and description in UTF-8."""
        return len(self.title.value.encode()) + len(self.description.encode())

    def revise(self, changes: TaskChanges, *, now: dt.datetime) -> bool:
        """Change the fields; return whether any of them changed."""
        fields = sorted(name for name, new in changes.items() if new != getattr(self, name))
        for name in fields:
            setattr(self, name, changes[name])  # type: ignore[literal-required]
        if fields:
            self.updated_at = now
            self.record(events.TaskRevised(self.id, self.owner_id, fields))
        return bool(fields)

    def start(self, *, now: dt.datetime) -> None:
        self._require_not_closed()
        if self.status is TaskStatus.IN_PROGRESS:
            raise TaskAlreadyStarted
        self.status, self.updated_at = TaskStatus.IN_PROGRESS, now
        self.record(events.TaskStarted(self.id, self.owner_id))

    def complete(self, *, now: dt.datetime) -> None:
        self._require_not_closed()
        self.status, self.completed_at, self.updated_at = TaskStatus.DONE, now, now
        self.record(events.TaskCompleted(self.id, self.owner_id))

    def cancel(self, *, now: dt.datetime) -> None:
        self._require_not_closed()
        self.status, self.updated_at = TaskStatus.CANCELLED, now
        self.record(events.TaskCancelled(self.id, self.owner_id))

    def reopen(self, *, now: dt.datetime) -> None:
        if not self.status.is_closed:
            raise TaskNotClosed
        self.status, self.completed_at, self.updated_at = TaskStatus.OPEN, None, now
        self.record(events.TaskReopened(self.id, self.owner_id))

    def assign(self, assignee_id: UUID | None, *, now: dt.datetime) -> bool:
        """Assign the task to a user, or to no one; return whether that changes anything."""
        self._require_not_closed()
        if assignee_id == self.assignee_id:
            return False
        if assignee_id is None:
            self.release(now=now)
            return True
        self.assignee_id, self.updated_at = assignee_id, now
        self.record(events.TaskAssigned(self.id, self.owner_id, assignee_id))
        return True

    def release(self, *, now: dt.datetime) -> None:
        """Remove the assignee, who is gone, whatever the status of the task."""
        self.assignee_id, self.updated_at = None, now
        self.record(events.TaskUnassigned(self.id, self.owner_id))

    def remind(self, *, now: dt.datetime) -> bool:
        """Record that the task is due soon, once for each due time; return whether it did."""
        due_at = self.due_at
        if due_at is None or due_at == self.reminded_for or not now < due_at <= now + REMINDER_LEAD:
            return False
        if self.status.is_closed or self.deleted_at is not None:
            return False
        self.reminded_for, self.updated_at = due_at, now
        self.record(events.TaskDueSoon(self.id, self.owner_id, due_at))
        return True

    def delete(self, *, by: UUID, now: dt.datetime) -> None:
        """Move the task to the bin."""
        if by != self.owner_id:
            raise OnlyTheOwner
        self.deleted_at = self.updated_at = now
        self.record(events.TaskDeleted(self.id, self.owner_id))

    def restore(self, *, now: dt.datetime) -> None:
        """Restore the task from the bin."""
        if self.deleted_at is None:
            raise TaskNotInBin
        self.deleted_at, self.updated_at = None, now
        self.record(events.TaskRestored(self.id, self.owner_id))

    def _require_not_closed(self) -> None:
        if self.status is TaskStatus.DONE:
            raise TaskAlreadyCompleted
        if self.status is TaskStatus.CANCELLED:
            raise TaskAlreadyCancelled
