"""Done deliveries stay in the table for a day: no statement of the engine may read all of them."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import delete, make_url
from sqlalchemy.dialects import sqlite

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure import idempotency
from app.shared.infrastructure.database.list_parameters import SqliteCompiler
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import (
    claiming,
    deliveries,
    demands,
    holding,
    leases,
    limits,
    no_handler,
    retention,
    unblocking,
)
from app.shared.infrastructure.events.operations import backlog, delivery_operations, replay
from tests.integration.events.operations.world import LONG_AGO, NOW, RECORD, World

STATEMENTS = {
    "demands": demands.DEMANDS,
    "claim": claiming.CLAIM,
    "for whom is ready": demands.HANDLERS,
    "end leases": leases.END_OVER,
    "park": no_handler.PARK,
    "hold": holding.HOLD,
    "free": holding.FREE,
    "running": limits.RUNNING,
    "waiting": deliveries.WAITING_IN,
    "unblock_next": deliveries.UNBLOCK_NEXT,
    "unblock": unblocking.NEXT_HANDLER,
    "sweep a page": unblocking.PAGE,
    "sweep past": unblocking.PASSED,
    "let go": unblocking.UNBLOCK,
    "for whom is parked": no_handler.HANDLERS,
    "requeue": no_handler.REQUEUE,
    "lag": backlog.LAG,
    "streams": backlog.STREAMS,
    "retry": delivery_operations.RETRY_BATCH,
    "discard": delivery_operations.DISCARD_BATCH,
    "replay": replay.REDO,
    "forget": retention.OLD_DELIVERIES,
}
BATCHES = {
    "set aside a stream": claiming.BLOCK_REST,
    "retry": delivery_operations.RETRY_BATCH,
    "discard": delivery_operations.DISCARD_BATCH,
    "forget deliveries": retention.OLD_DELIVERIES,
    "forget answers": idempotency.OLD,
}
PARAMETERS: dict[str, Any] = {
    "blocked": 1,
    "ids": [1],
    "of_handler": RECORD,
    "of_stream": new_id(),
    "of_priority": 1,
    "streams": [new_id()],
    "counted": 1,
    "lease": 60.0,
    "by": "test",
    "after": 0,
    "after_handler": "",
    "after_stream": UUID(int=0),
    "most": 500,
    "size": 20,
    "keep": 86_400.0,
    "note": "given up",
    "kinds": ["test.happened"],
    "after_time": LONG_AGO,
    "after_seq": 0,
    "last_time": LONG_AGO,
    "last_seq": 0,
    "until": NOW,
}


@pytest.fixture
async def lived_in(world: World) -> World:
    """A table with a day of done deliveries, a few that are due, and a few that failed."""
    await world.happen_at_once(10_000, is_done=True)
    world.record.refused = {1}
    await world.happen(1, 2, 3)
    await world.drain()
    for number in range(20):
        await world.happen(number)
    return world


async def test_no_statement_reads_through_what_is_done(lived_in: World, database_url: str) -> None:
    plans = await plans_of(database_url, STATEMENTS)
    reads_all = re.compile(
        r"Seq Scan on event_delivery|SCAN (event_delivery|other)$|PRIMARY KEY \(rowid>",
        re.MULTILINE,
    )
    assert {name: plan for name, plan in plans.items() if reads_all.search(plan)} == {}
    for name in ("demands", "claim"):
        assert "ix_event_delivery_ready" in plans[name]


async def test_what_a_batch_is_chosen_by_is_run_once_even_if_the_table_was_empty_a_moment_ago(
    world: World, database_url: str
) -> None:
    await world.happen_at_once(1_000, is_done=True)
    for table in (event_delivery, event_log):
        await world.execute(Statement(delete(table)))
    plans = await plans_of(database_url, BATCHES)
    runs_again = re.compile(r"Semi Join|CORRELATED LIST")
    assert {name: plan for name, plan in plans.items() if runs_again.search(plan)} == {}


async def plans_of(address: str, statements: Mapping[str, Statement]) -> dict[str, str]:
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or "")) as connection:
            return {name: plan_of(query, connection) for name, query in statements.items()}
    server = await asyncpg.connect(address)
    try:
        await server.execute("ANALYZE event_delivery, event_log")
        return {name: await explained(query, server) for name, query in statements.items()}
    finally:
        await server.close()


def plan_of(query: Statement, connection: sqlite3.Connection) -> str:
    dialect = sqlite.dialect(paramstyle="named")
    dialect.statement_compiler = SqliteCompiler
    compiled = query.executable.compile(dialect=dialect)  # type: ignore[attr-defined]
    values = {key: bind.effective_value for key, bind in compiled.binds.items()}
    values |= {key: str(value) for key, value in PARAMETERS.items() if key in values}
    rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled}", values).fetchall()
    return "\n".join(row[3] for row in rows)


async def explained(query: Statement, server: asyncpg.Connection) -> str:
    compiled = query.postgres
    rows = await server.fetch(f"EXPLAIN {compiled.sql}", *compiled.arguments(PARAMETERS))
    return "\n".join(row[0] for row in rows)
