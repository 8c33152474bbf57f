"""Many streams in which something waits, found with query plans made for empty tables."""

import asyncpg
import pytest
from sqlalchemy import select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import unblocking
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from app.shared.infrastructure.events.delivery.unblocking import (
    BEFORE_ALL,
    PAGE,
    PASSED,
    STREAMS_AT_ONCE,
    UNBLOCK,
    Unblocker,
    unblock_all,
)
from tests.integration.events.engine.conftest import on_postgresql
from tests.support.costs import Remembered
from tests.support.databases import text
from tests.support.probe.world import World

STREAMS, IN_EACH = 300, 20
START = {
    "of_handler": "probe.keep",
    "after_stream": BEFORE_ALL,
    "most": STREAMS_AT_ONCE,
}
READY = select(event_delivery.c.stream_position).where(
    is_just(event_delivery.c.state, DeliveryState.READY)
)
WAITING = """
INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
    attempts, max_attempts, blocks_when_dead, due_at)
SELECT gen_random_uuid(), 'probe.keep', CAST(lpad(CAST(stream AS text), 32, '0') AS uuid), number,
    4, 0, 0, 3, true, now()
FROM generate_series(1, 300) AS stream, generate_series(1, 20) AS number
"""


@on_postgresql
@pytest.mark.parametrize(
    ("query", "most"),
    [
        (PAGE, 20 * STREAMS),
        (PASSED, 20 * STREAMS),
        (UNBLOCK, 10),
    ],
    ids=["page", "passed", "one"],
)
async def test_a_plan_of_an_empty_table_works_when_it_is_full(
    world: World, query: Statement, most: int
) -> None:
    connection = await asyncpg.connect(text(world.settings.database))
    try:
        # A new table: if autovacuum saw a table empty, the planner assumes that it stays so.
        await connection.execute("TRUNCATE event_delivery CASCADE")
        remembered = Remembered(connection, query, START | {"blocked": 1})
        await remembered.plan()
        await world.execute(WAITING)
        assert await remembered.cost() < most
    finally:
        await connection.close()


@on_postgresql
async def test_only_the_first_delivery_of_each_stream_is_unblocked(world: World) -> None:
    await world.execute(WAITING)
    unblocked = Unblocker(world.database)
    assert await unblocked.unblock() == (STREAMS, ("probe.keep", None))
    assert await unblocked.unblock() == (0, None)
    ready = await world.fetch(READY)
    assert [row["stream_position"] for row in ready] == [1] * STREAMS


@on_postgresql
async def test_each_page_begins_where_the_last_one_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unblocking, "STREAMS_AT_ONCE", 70)
    await world.execute(WAITING)
    unblock = Unblocker(world.database)
    assert [(await unblock.unblock()).hit for _ in range(5)] == [70, 70, 70, 70, STREAMS - 280]
    ready = await world.fetch(READY)
    assert [row["stream_position"] for row in ready] == [1] * STREAMS


@on_postgresql
async def test_all_streams_of_one_handler_are_unblocked(world: World) -> None:
    await world.execute(WAITING)
    await world.execute(WAITING.replace("probe.keep", "probe.pass"))
    await unblock_all(world.database, "probe.keep")
    ready = await world.fetch(READY.with_only_columns(event_delivery.c.handler))
    assert [row["handler"] for row in ready].count("probe.keep") == STREAMS
