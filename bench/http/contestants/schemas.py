"""The request and response models of the contestants that have such."""

import datetime as dt
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Priority = Literal["low", "normal", "high", "urgent"]


class TaskIn(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=10_000)
    priority: Priority = "normal"
    due_at: dt.datetime | None = None
    labels: list[str] = Field(default_factory=list, max_length=10)


class TaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    owner_id: UUID
    title: str
    description: str
    status: str
    priority: Priority
    labels: list[str]
    due_at: dt.datetime | None
    assignee_id: UUID | None
    completed_at: dt.datetime | None


class PageOut(BaseModel):
    items: list[TaskOut]
    next_cursor: str | None
    limit: int
    total: int | None


class Health(BaseModel):
    status: str
