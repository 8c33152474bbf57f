"""Half a million streams wait behind dead deliveries: they do not slow down the others."""

import time
from typing import Final

from sqlalchemy import func, select, text

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from tests.faults.conftest import Rounds
from tests.support.probe.module import Kept
from tests.support.probe.world import World, until

MANY: Final = 500_000
AT_ONCE: Final = 50_000  # rows in each statement, so that none exceeds the database's time limit
# The heads are dead; the others are held behind them.
STICK: Final = {
    "postgresql": """
        INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
            attempts, max_attempts, blocks_when_dead, due_at)
        SELECT gen_random_uuid(), 'probe.keep', CAST(lpad(to_hex(n), 32, '0') AS uuid), place,
            state, 1, 3, 3, true, now()
        FROM generate_series({first}, {last}) AS n, (VALUES (1, 2), (2, 4)) AS row (place, state)
        """,
    "sqlite": """
        WITH RECURSIVE streams (n) AS
            (SELECT {first} UNION ALL SELECT n + 1 FROM streams WHERE n < {last})
        INSERT INTO event_delivery (event_id, handler, stream_id, stream_position, state, token,
            attempts, max_attempts, blocks_when_dead, due_at)
        SELECT lower(hex(randomblob(16))), 'probe.keep', printf('%032x', n), row.column1,
            row.column2, 1, 3, 3, true, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
        FROM streams, (VALUES (1, 2), (2, 4)) AS row
        """,
}
DONE: Final = select(func.count().label("count")).where(
    is_just(event_delivery.c.state, DeliveryState.DONE), event_delivery.c.handler == "probe.keep"
)


async def test_streams_that_are_stuck_cost_the_others_nothing(world: World, rounds: Rounds) -> None:
    streams, others = (MANY, 1_000) if rounds(0) else (3_000, 20)
    alone = await seconds_to_deliver(world, others)
    await stick(world, streams)
    beside = await seconds_to_deliver(world, others)

    print(f"{others / alone:.0f}/s alone, {others / beside:.0f}/s beside {streams} stuck ones")  # noqa: T201


async def seconds_to_deliver(world: World, count: int) -> float:
    """Return how long an engine needs to deliver so many, while its housekeeping runs."""
    before = await done(world)
    for _ in range(count):
        await world.publish(Kept)

    async def are_done() -> bool:
        return await done(world) == before + count

    began = time.monotonic()
    async with world.container.engine().running():
        await until(are_done)
        return time.monotonic() - began


async def done(world: World) -> int:
    (row,) = await world.fetch(DONE)
    return int(row["count"])


async def stick(world: World, streams: int) -> None:
    statement = STICK["sqlite" if world.is_sqlite else "postgresql"]
    for first in range(1, streams + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, streams)
        await world.execute(text(statement.format(first=first, last=last)))
