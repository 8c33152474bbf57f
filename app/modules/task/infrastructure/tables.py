"""The table of the task module."""

from sqlalchemy import Column, SmallInteger, String, Table, Text, Uuid

from app.modules.task.domain.entities import Title
from app.shared.infrastructure.database.models import (
    Json,
    Timestamp,
    aggregate_columns,
    metadata,
    partial_index,
)

task = Table(
    "task",
    metadata,
    *aggregate_columns(),
    # No foreign key to the users: they belong to another module, which may move elsewhere.
    Column("owner_id", Uuid, nullable=False),
    Column("assignee_id", Uuid),
    Column("title", String(Title.MAX_LENGTH), nullable=False),
    Column("description", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("labels", Json, nullable=False),
    Column("due_at", Timestamp),
    Column("reminded_for", Timestamp),
    # The sort key of the order by due time: the due time, or one after all others.
    Column("due_order", Timestamp, nullable=False),
    Column("completed_at", Timestamp),
    Column("deleted_at", Timestamp),
)

# A list is one read along an index, in either direction. There is one index for each order, for own
# tasks and for assigned ones. Deleted tasks are in none of them.
IS_IN_USE = task.c.deleted_at.is_(None)
for whose in (task.c.owner_id, task.c.assignee_id):
    for order in (task.c.created_at, task.c.due_order, task.c.priority):
        name = f"ix_task_{whose.name}_{order.name}"
        partial_index(name, whose, order, task.c.id, where=IS_IN_USE)
# Reminders read along the due times, without tasks that were reminded already.
AWAITS_REMINDER = IS_IN_USE & task.c.reminded_for.is_distinct_from(task.c.due_at)
partial_index("ix_task_due_at", task.c.due_at, where=AWAITS_REMINDER)
# Deleted tasks: the oldest of all, and those of one owner.
for name, column in (("deleted_at", task.c.deleted_at), ("bin_owner_id", task.c.owner_id)):
    partial_index(f"ix_task_{name}", column, where=~IS_IN_USE)
