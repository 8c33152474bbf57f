"""What the machine does without us: the same two inserts by the bare driver, tasks of nothing."""

import asyncio
import datetime as dt
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import asyncpg
from celery import Celery
from sqlalchemy.dialects import sqlite

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import APPEND, DELIVER
from bench.events.process import NOTHING
from bench.events.service import PATIENCE_SECONDS, TooSlow

CLIENTS: Final = 8
EVENT: Final[dict[str, Any]] = {
    "event_type": "bench.recorded",
    "schema_version": 1,
    "module": "bench",
    "aggregate_type": "record",
    "aggregate_version": 1,
    "ordinal": 0,
    "payload": {"title": "Lay the foundation"},
    "correlation_id": None,
    "causation_id": None,
    "traceparent": None,
    "actor_id": None,
}
DELIVERY: Final[dict[str, Any]] = {
    "handler": "bench.take_note",
    "stream_position": 1024,
    "max_attempts": 10,
    "blocks_when_dead": True,
    "priority": 1,
    "delay": 0.0,
    "due_at": None,
    "expires_at": None,
}


async def inserting(address: str, *, seconds: float) -> list[float]:
    """How many transactions of both inserts PostgreSQL commits in a second, by the bare driver."""
    connections = [await asyncpg.connect(address) for _ in range(CLIENTS)]
    deadline = time.perf_counter() + seconds
    try:
        counts = await asyncio.gather(*(_insert(each, deadline) for each in connections))
    finally:
        for each in connections:
            await each.close()
    return [sum(counts) / seconds]


async def _insert(connection: asyncpg.Connection, deadline: float) -> int:
    count = 0
    append = await connection.prepare(APPEND.postgres.sql)
    deliver = await connection.prepare(DELIVER.postgres.sql)
    while time.perf_counter() < deadline:
        event, delivery = _rows(new_id(), new_id(), dt.datetime.now(dt.UTC))
        async with connection.transaction():
            await append.fetch(*APPEND.postgres.arguments(event))
            await deliver.fetch(*DELIVER.postgres.arguments(delivery))
        count += 1
    return count


async def inserting_into_sqlite(path: str, *, seconds: float) -> list[float]:
    """The same of SQLite, by Python's own driver in one thread."""
    return [await asyncio.to_thread(_insert_into_sqlite, path, seconds) / seconds]


def _insert_into_sqlite(path: str, seconds: float) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        event, delivery = _rows("", "", "")
        append, deliver = _for_sqlite(APPEND, event), _for_sqlite(DELIVER, delivery)
        count, deadline = 0, time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            event, delivery = _rows(new_id().hex, new_id().hex, "2026-01-31T12:00:00.000000Z")
            event["payload"] = '{"title": "Lay the foundation"}'
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(append[0], append[1] | event)
            connection.execute(deliver[0], deliver[1] | delivery)
            connection.execute("COMMIT")
            count += 1
    return count


def _rows(event_id: Any, aggregate_id: Any, now: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        EVENT | {"event_id": event_id, "aggregate_id": aggregate_id, "occurred_at": now},
        DELIVERY | {"event_id": event_id, "stream_id": aggregate_id},
    )


def _for_sqlite(query: Statement, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return its text, and the parameters that are the same each time."""
    dialect = sqlite.dialect(paramstyle="named")
    compiled = query.executable.compile(dialect=dialect, column_keys=list(row))  # type: ignore[attr-defined]
    constant = {name: bind.effective_value for name, bind in compiled.binds.items()}
    return str(compiled), constant


async def doing_nothing(celery: Celery, ticks: Path, *, count: int) -> list[float]:
    """How many tasks of nothing are sent and run in a second, from the first one on."""
    before, began = _size(ticks), time.perf_counter()

    def send() -> None:
        for _ in range(count):
            celery.send_task(NOTHING)

    sending = asyncio.create_task(asyncio.to_thread(send))
    while _size(ticks) < before + count:
        if time.perf_counter() - began > PATIENCE_SECONDS:
            raise TooSlow
        await asyncio.sleep(0.005)
    ended = time.perf_counter()
    await sending
    return [count / (ended - began)]


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
