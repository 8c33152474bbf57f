"""One lane with a backlog that nobody can work off soon, beside many that have little to do."""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import URL, func, select
from sqlalchemy.dialects import sqlite

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.deliveries import SET_ASIDE_AT_ONCE, SWEEP, TAKE
from app.shared.infrastructure.events.states import DeliveryState, is_just
from tests.faults.conftest import Rounds
from tests.support.ledger import read_ledger
from tests.support.probe.module import Kept
from tests.support.probe.world import World

AT_ONCE: Final = 4
ASKED: Final[dict[str, Any]] = {"count": AT_ONCE, "counted": 1, "lease": 60.0, "by": "test"}
INSTRUCTIONS: Final = 100  # of SQLite's own machine, between two looks at it


async def test_the_other_lanes_hardly_notice(world: World, rounds: Rounds) -> None:
    events, lanes = (100_000, 1_000) if rounds(0) else (5_000, 50)
    hot = await world.publish(Kept)
    for _ in range(events // 1_000):
        await world.publish(Kept, lane=hot, times=1_000)
    for _ in range(lanes):
        await world.publish(Kept)

    steps = await steps_until_done(world, hot, lanes)

    # The lane is set aside first; from then on it has one place, and the others have the others.
    assert len(steps) <= events // SET_ASIDE_AT_ONCE + lanes // (AT_ONCE - 1) + 10
    # Whatever the planner believes: nobody has told it yet how long the lane is.
    assert await cost(world, TAKE, ASKED) < 10_000
    assert await cost(world, SWEEP, {}) < 100 * events
    ledger = await read_ledger(world.database, world.container.registry())
    assert {v for v in ledger.violations() if not v.startswith("unfinished (")} == set()
    slowest, usual = max(steps), statistics.median(steps)
    print(f"a step takes {usual:.1f} ms, the slowest {slowest:.1f} ms")  # noqa: T201 - a figure


async def steps_until_done(world: World, hot: UUID, lanes: int) -> list[float]:
    """Deliver until the other lanes are done; return how many milliseconds each step took."""
    engine, executor = world.container.engine(), world.container.executor()
    done = select(func.count().label("count")).where(
        is_just(event_delivery.c.state, DeliveryState.DONE),
        event_delivery.c.handler == "probe.keep",
        event_delivery.c.lane != hot,
    )
    steps = []
    while (await world.fetch(done))[0]["count"] < lanes:
        began = time.perf_counter()
        await engine.step()
        steps.append((time.perf_counter() - began) * 1_000)
        await executor.finish()
    return steps


# --- What a statement costs, by no clock --------------------------------------------------------


async def cost(world: World, query: Query, params: dict[str, Any]) -> int:
    """Return how many rows it looks at; on SQLite, how many instructions it needs."""
    if world.is_sqlite:
        return await asyncio.to_thread(instructions, world.settings.database, query, params)
    async with world.database.transaction() as connection:  # and rolled back
        explained = Explained(query)
        (row,) = await connection.fetch_all(explained, params)
    (plan,) = row.values()
    return sum(_looked_at(node) for node in _nodes(orjson.loads(plan)[0]["Plan"]))


class Explained(Query):
    """A statement that is run and tells how, in place of what it finds."""

    def __init__(self, query: Query) -> None:
        super().__init__(query.statement)
        own = query.postgres
        self.postgres = replace(own, sql=f"EXPLAIN (ANALYZE, FORMAT JSON) {own.sql}")


def instructions(url: URL, query: Query, params: dict[str, Any]) -> int:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    dialect = sqlite.dialect(paramstyle="named")
    compiled = query.statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    values = {name: bind.effective_value for name, bind in compiled.binds.items()}
    with closing(sqlite3.connect(url.database or "")) as connection:
        connection.set_progress_handler(look, INSTRUCTIONS)
        connection.execute(str(compiled), values | params).fetchall()
        connection.rollback()
    return looks * INSTRUCTIONS


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)


def _looked_at(node: dict[str, Any]) -> int:
    removed = sum(count for what, count in node.items() if what.startswith("Rows Removed by"))
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])
