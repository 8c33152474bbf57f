"""Many lanes in which something waits, found by plans that were made when there were none."""

import asyncpg
import pytest
from sqlalchemy import select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events import sweep as sweep_module
from app.shared.infrastructure.events.states import DeliveryState, is_just
from app.shared.infrastructure.events.sweep import (
    BEFORE_ALL,
    LANES_AT_ONCE,
    LET_GO,
    PAGE,
    PASSED,
    Sweep,
    let_go,
)
from tests.integration.events.engine.conftest import on_postgresql
from tests.support.costs import Remembered
from tests.support.databases import text
from tests.support.probe.world import World

LANES, IN_EACH = 300, 20
START = {
    "of_handler": "probe.keep",
    "after_lane": BEFORE_ALL,
    "most": LANES_AT_ONCE,
}
READY = select(event_delivery.c.lane_seq).where(
    is_just(event_delivery.c.state, DeliveryState.READY)
)
WAITING = """
INSERT INTO event_delivery (event_id, handler, lane, lane_seq, state, token, attempts,
    max_attempts, blocks_when_dead, due_at)
SELECT gen_random_uuid(), 'probe.keep', CAST(lpad(CAST(lane AS text), 32, '0') AS uuid), number,
    4, 0, 0, 3, true, now()
FROM generate_series(1, 300) AS lane, generate_series(1, 20) AS number
"""


@on_postgresql
@pytest.mark.parametrize(
    ("query", "most"),
    [
        (PAGE, 20 * LANES),
        (PASSED, 20 * LANES),
        (LET_GO, 10),
    ],
    ids=["page", "passed", "one"],
)
async def test_a_plan_of_an_empty_table_still_does_when_it_is_full(
    world: World, query: Query, most: int
) -> None:
    connection = await asyncpg.connect(text(world.settings.database))
    try:
        remembered = Remembered(connection, query, START | {"blocked": 1})
        await remembered.plan()
        await world.execute(WAITING)
        assert await remembered.cost() < most
    finally:
        await connection.close()


@on_postgresql
async def test_the_first_of_each_lane_is_let_go_and_no_other(world: World) -> None:
    await world.execute(WAITING)
    swept = Sweep(world.database)
    assert await swept.sweep() == (LANES, ("probe.keep", None))
    assert await swept.sweep() == (0, None)
    ready = await world.fetch(READY)
    assert [row["lane_seq"] for row in ready] == [1] * LANES


@on_postgresql
async def test_each_page_begins_where_the_last_one_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "LANES_AT_ONCE", 70)
    await world.execute(WAITING)
    sweep = Sweep(world.database)
    assert [(await sweep.sweep()).hit for _ in range(5)] == [70, 70, 70, 70, LANES - 280]
    ready = await world.fetch(READY)
    assert [row["lane_seq"] for row in ready] == [1] * LANES


@on_postgresql
async def test_all_of_a_handler_are_let_go_and_those_of_no_other(world: World) -> None:
    await world.execute(WAITING)
    await world.execute(WAITING.replace("probe.keep", "probe.pass"))
    await let_go(world.database, "probe.keep")
    ready = await world.fetch(READY.with_only_columns(event_delivery.c.handler))
    assert [row["handler"] for row in ready].count("probe.keep") == LANES
