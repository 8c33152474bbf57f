"""Many lanes in which something waits, found by plans that were made when there were none."""

import asyncpg
import pytest
from sqlalchemy import select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.states import DeliveryState, is_just
from app.shared.infrastructure.events.sweep import (
    FIRST_OF_LANES,
    FIRST_OF_LANES_OF,
    LET_GO,
    sweep,
)
from tests.integration.events.engine.conftest import on_postgresql
from tests.support.costs import Remembered
from tests.support.databases import text
from tests.support.probe.world import World

LANES, IN_EACH = 300, 5
READY = select(event_delivery.c.lane_seq).where(
    is_just(event_delivery.c.state, DeliveryState.READY)
)
WAITING = """
INSERT INTO event_delivery (event_id, handler, lane, lane_seq, state, token, attempts,
    max_attempts, blocks_when_dead, due_at)
SELECT gen_random_uuid(), 'probe.keep', CAST(lpad(CAST(lane AS text), 32, '0') AS uuid), number,
    4, 0, 0, 3, true, now()
FROM generate_series(1, 300) AS lane, generate_series(1, 5) AS number
"""


@on_postgresql
@pytest.mark.parametrize(
    ("query", "most"),
    [
        (FIRST_OF_LANES, 10 * LANES * IN_EACH),
        (FIRST_OF_LANES_OF, 10 * LANES * IN_EACH),
        (LET_GO, 10),
    ],
    ids=["all", "of a handler", "one"],
)
async def test_a_plan_of_an_empty_table_still_does_when_it_is_full(
    world: World, query: Query, most: int
) -> None:
    connection = await asyncpg.connect(text(world.settings.database))
    try:
        remembered = Remembered(connection, query, {"of_handler": "probe.keep", "blocked": 1})
        await remembered.plan()
        await world.execute(WAITING)
        assert await remembered.cost() < most
    finally:
        await connection.close()


@on_postgresql
async def test_the_first_of_each_lane_is_let_go_and_no_other(world: World) -> None:
    await world.execute(WAITING)
    for found in (LANES, 0):
        async with world.database.transaction() as connection:
            assert await sweep(connection) == found
            await connection.commit()
    ready = await world.fetch(READY)
    assert [row["lane_seq"] for row in ready] == [1] * LANES
