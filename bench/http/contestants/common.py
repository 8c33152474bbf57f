"""What the contestants share: the service's own statements, and rows as its API shows them."""

import base64
import datetime as dt
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from app.modules.task.domain.events import TaskCreated
from app.modules.task.infrastructure.readers import ONE, TASKS
from app.modules.task.infrastructure.repositories import (
    NEVER_DUE,
    PRIORITIES,
    SqlTaskRepository,
)
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import APPEND

Reset: TypeAlias = Callable[[asyncpg.Connection], Awaitable[None]]

ISSUER: Final = "Benchmark"
POOL_SIZE: Final = 10  # as the service has it
DEFAULT_LIMIT: Final = 20

_PAGE: Final = TASKS.statement(frozenset(), "-created_at")
_INSERT: Final[Statement] = SqlTaskRepository._INSERT  # noqa: SLF001 - the very same statement
READ_SQL: Final = ONE.postgres.sql  # takes the task's id, the caller's id
PAGE_SQL: Final = _PAGE.postgres.sql  # takes the caller's id, the size


def key() -> str:
    """Return what tokens are signed with."""
    return os.environ["JWT_SECRET_KEY"]


def open_pool(reset: Reset | None = None) -> asyncpg.Pool:
    """Return a pool, to be awaited or entered."""
    return asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=POOL_SIZE,
        max_size=POOL_SIZE,
        init=_speak_json,
        reset=reset,
    )


async def _speak_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda text: b"\x01" + text.encode(),
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )


def shown(row: Any) -> dict[str, Any]:
    """Return a task as the API shows it."""
    return dict(row) | {"priority": PRIORITIES[row["priority"]].value}


def page(rows: list[dict[str, Any]], limit: int = DEFAULT_LIMIT) -> dict[str, Any]:
    """Return a page; there is one row more if there is a next one."""
    items = rows[:limit]
    cursor = None
    if len(rows) > limit:
        position = [items[-1]["created_at"].isoformat(), str(items[-1]["id"])]
        cursor = base64.urlsafe_b64encode(orjson.dumps(position)).decode()
    return {"items": items, "next_cursor": cursor, "limit": limit, "total": None}


def new_task(owner_id: UUID, draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a new task, as the service writes it."""
    now = dt.datetime.now(dt.UTC)
    return {
        "id": new_id(),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "owner_id": owner_id,
        "assignee_id": None,
        "title": draft["title"],
        "description": draft.get("description", ""),
        "status": "open",
        "priority": [each.value for each in PRIORITIES].index(draft.get("priority", "normal")),
        "labels": draft.get("labels", []),
        "due_at": draft.get("due_at"),
        "due_order": draft.get("due_at") or NEVER_DUE,
        "reminded_for": None,
        "completed_at": None,
        "deleted_at": None,
    }


HIDDEN: Final = {"due_order", "reminded_for", "deleted_at"}


def created_event(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of its event. Nobody listens to it, so it has no deliveries."""
    return {
        "event_id": new_id(),
        "event_type": TaskCreated.type,
        "schema_version": TaskCreated.schema_version,
        "module": "task",
        "aggregate_type": "task",
        "aggregate_id": task["id"],
        "aggregate_version": 1,
        "ordinal": 0,
        "payload": {"task_id": str(task["id"]), "owner_id": str(task["owner_id"])},
        "correlation_id": str(new_id()),
        "causation_id": None,
        "traceparent": None,
        "actor_id": task["owner_id"],
        "occurred_at": task["created_at"],
    }


async def add(connection: Any, owner_id: UUID, draft: Mapping[str, Any]) -> dict[str, Any]:
    """Write a task and its event in one transaction; return the task as the API shows it."""
    task = new_task(owner_id, draft)
    insert, append = _INSERT.postgres, APPEND.postgres
    async with connection.transaction():
        await connection.execute(insert.sql, *insert.arguments(task))
        await connection.execute(append.sql, *append.arguments(created_event(task)))
    return shown({name: value for name, value in task.items() if name not in HIDDEN})
