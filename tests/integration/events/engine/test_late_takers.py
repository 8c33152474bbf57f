"""Two engines want the same row: the one that comes too late still locks it for a moment."""

import asyncio

from sqlalchemy import select, text

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from tests.integration.events.engine.conftest import on_postgresql
from tests.support.probe.module import Kept
from tests.support.probe.world import World, until

# As PostgreSQL does it: it locks a row, checks whether it still fits, and keeps the lock.
LOCK = Statement(select(event_delivery.c.id).with_for_update())
IS_WAITED_FOR = text(
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@on_postgresql  # SQLite does not lock rows
async def test_a_delivery_that_was_locked_for_a_moment_is_run(world: World) -> None:
    await world.publish(Kept)
    places = await world.container.executor().places()
    (claim,) = await world.container.engine()._claimer.claim(places, lease=60, counts_attempts=True)
    async with world.database.transaction() as other:
        await other.fetch_all(LOCK, {})
        run = asyncio.create_task(world.container.runner().run(claim))

        async def has_come_there() -> bool:
            return run.done() or bool(await world.fetch(IS_WAITED_FOR))

        await until(has_come_there)
    await run

    assert await world.states() == ["done"]
    assert await world.effects() == [1]
