"""One stream with a long backlog, beside many streams that have little to do."""

import statistics
import time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.claiming import BLOCKED_AT_ONCE, CLAIM
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from app.shared.infrastructure.events.delivery.unblocking import PAGE
from tests.faults.conftest import Rounds
from tests.support.costs import cost
from tests.support.ledger import read_ledger
from tests.support.probe.module import Kept
from tests.support.probe.world import World

AT_ONCE: Final = 4
START: Final[dict[str, Any]] = {
    "of_handler": "probe.keep",
    "after_stream": str(UUID(int=0)),
    "most": 500,
}
ASKED: Final[dict[str, Any]] = {
    "of_handler": "probe.keep",
    "of_priority": 1,
    "count": AT_ONCE,
    "counted": 1,
    "lease": 60.0,
    "by": "test",
}


async def test_the_other_streams_hardly_notice(world: World, rounds: Rounds) -> None:
    events, streams = (100_000, 1_000) if rounds(0) else (5_000, 50)
    hot = await world.publish(Kept)
    for _ in range(events // 1_000):
        await world.publish(Kept, stream=hot, times=1_000)
    for _ in range(streams):
        await world.publish(Kept)

    steps = await steps_until_done(world, hot, streams)

    # The stream is blocked first; from then on it has one place. One more stays free for other
    # handlers, and the other streams have the rest.
    assert len(steps) <= events // BLOCKED_AT_ONCE + streams // (AT_ONCE - 2) + 10
    # As in production: no statistics tell the planner yet how long the stream is.
    assert await cost(world, CLAIM, ASKED) < 10_000
    assert await cost(world, PAGE, START) < 10_000
    ledger = await read_ledger(world.database, world.container.registry())
    assert {v for v in ledger.violations() if not v.startswith("unfinished (")} == set()
    slowest, usual = max(steps), statistics.median(steps)
    print(f"a step takes {usual:.1f} ms, the slowest {slowest:.1f} ms")  # noqa: T201 - a figure


async def steps_until_done(world: World, hot: UUID, streams: int) -> list[float]:
    """Deliver until the other streams are done; return the milliseconds of each step."""
    engine, executor = world.container.engine(), world.container.executor()
    done = select(func.count().label("count")).where(
        is_just(event_delivery.c.state, DeliveryState.DONE),
        event_delivery.c.handler == "probe.keep",
        event_delivery.c.stream_id != hot,
    )
    steps = []
    while (await world.fetch(done))[0]["count"] < streams:
        began = time.perf_counter()
        await engine.step()
        steps.append((time.perf_counter() - began) * 1_000)
        await executor.finish()
    return steps
