"""At any stop, claimed deliveries are done or given back untried."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from tests.integration.events.engine.conftest import on_sqlite
from tests.support.probe.module import Kept, Sent
from tests.support.probe.world import DONE, READY, World


@pytest.mark.parametrize("kind", [Kept, Sent])
async def test_at_whichever_moment_it_is_stopped(world: World, kind: type[Kept | Sent]) -> None:
    for moment in range(60):
        await world.publish(kind)
        running = asyncio.create_task(world.container.engine().run())
        for _ in range(moment * moment):  # earlier or later: each turn of the loop is a moment
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        ends = {(r["state"], r["attempts"]) for r in await world.deliveries()}
        assert ends <= {(READY, 0), (DONE, 1)}, f"at moment {moment}"


async def test_a_failed_delivery_is_recorded_or_returned_at_any_stop(world: World) -> None:
    for moment in range(60):
        await world.publish(Kept, "fail")
        running = asyncio.create_task(world.container.engine().run())
        for _ in range(moment * moment):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert {row["state"] for row in await world.deliveries()} == {READY}, f"at moment {moment}"
    assert len(await world.attempts()) == sum(r["attempts"] for r in await world.deliveries())


@on_sqlite
async def test_a_transaction_that_is_cancelled_at_its_begin_is_closed(world: World) -> None:
    """An open transaction would keep all others from writing, as long as the process lives."""
    file = world.settings.database.database or ""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        beginning = asyncio.create_task(world.publish(Kept))
        await asyncio.sleep(0.05)  # it waits inside SQLite, where the test can't observe it
        beginning.cancel()
        await asyncio.sleep(0.05)
        other.execute("ROLLBACK")
    with pytest.raises(asyncio.CancelledError):
        await beginning

    await world.publish(Kept)
    assert await world.states() == ["ready"]
