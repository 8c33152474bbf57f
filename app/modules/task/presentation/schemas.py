"""The requests that clients may send."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.http.schema_types import Body, Choice, Flag, Id, Length, Line, Text, Timestamp
from app.modules.task.application.dto import TaskFilter
from app.modules.task.domain.entities import (
    DESCRIPTION_MAX_LENGTH,
    Labels,
    Priority,
    TaskStatus,
    Title,
)
from app.shared.presentation.pages import PageParameters

TitleText = Annotated[Line, Length(1, Title.MAX_LENGTH), Field(examples=["Lay the foundation"])]
Description = Annotated[Text, Length(0, DESCRIPTION_MAX_LENGTH)]
Label = Annotated[Line, Length(1, Labels.MAX_LENGTH), Field(examples=["home"])]
Search = Annotated[Line, Length(1, 100)]
LabelList = Annotated[list[Label], Field(max_length=Labels.MAX_COUNT)]


class TaskDraft(Body):
    title: TitleText
    description: Description = ""
    priority: Annotated[Priority, Choice] = Priority.NORMAL
    due_at: Timestamp | None = None
    labels: LabelList = Field(default_factory=list)


class TaskPatch(Body):
    """A merge patch (RFC 7396): missing fields stay; `"due_at": null` removes the due time."""

    title: TitleText = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    priority: Annotated[Priority, Choice] = Field(default_factory=lambda: Priority.NORMAL)
    due_at: Timestamp | None = Field(default_factory=lambda: None)
    labels: LabelList = Field(default_factory=list)


class TaskAssignment(Body):
    """`null` removes the assignee."""

    assignee_id: Id | None


class TaskListParameters(PageParameters):
    status: TaskStatus | None = None
    priority: Priority | None = None
    label: Label | None = None
    assignee: Id | None = None
    due_before: Timestamp | None = None
    due_after: Timestamp | None = None
    q: Annotated[Search | None, Field(description="Text in the title or description.")] = None
    sort: Literal["created_at", "-created_at", "due_at", "-due_at", "priority", "-priority"] = (
        "-created_at"
    )
    with_total: Flag = False

    def filter(self) -> TaskFilter:
        """Return the filter of the list."""
        return TaskFilter(**{name: getattr(self, name) for name in TaskFilter.__dataclass_fields__})
