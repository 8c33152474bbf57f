"""The tables as mapped classes, as the manual of SQLAlchemy's ORM writes them."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Identity, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {dt.datetime: DateTime(timezone=True)}  # noqa: RUF012 - the manual's


class Task(Base):
    __tablename__ = "task"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    owner_id: Mapped[UUID]
    assignee_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int]
    labels: Mapped[list[str]] = mapped_column(JSONB)
    due_at: Mapped[dt.datetime | None]
    reminded_for: Mapped[dt.datetime | None]
    due_order: Mapped[dt.datetime]
    completed_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]


class Event(Base):
    __tablename__ = "event_log"

    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]
    event_type: Mapped[str] = mapped_column(String(100))
    schema_version: Mapped[int]
    module: Mapped[str] = mapped_column(String(50))
    aggregate_type: Mapped[str] = mapped_column(String(50))
    aggregate_id: Mapped[UUID]
    aggregate_version: Mapped[int]
    ordinal: Mapped[int]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    correlation_id: Mapped[str | None] = mapped_column(String(64))
    causation_id: Mapped[UUID | None]
    traceparent: Mapped[str | None] = mapped_column(String(64))
    actor_id: Mapped[UUID | None]
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]
