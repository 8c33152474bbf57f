"""Deliveries written while the database's clock was ahead wait as long as intended."""

import datetime as dt

import pytest
from sqlalchemy import update

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery import clock
from app.shared.infrastructure.events.delivery.clock import Clock
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.module import Kept, Sent
from tests.support.probe.world import CLAIMED, READY, World, until

AHEAD = dt.timedelta(days=365)


async def write_ahead(world: World, wait: dt.timedelta, state: DeliveryState = READY) -> None:
    """Write as if the clock were a year ahead."""
    then = dt.datetime.now(dt.UTC) + AHEAD
    values = {"due_at": then + wait, "due_set_at": then, "state": int(state)}
    await world.execute(update(event_delivery).values(values))


async def seconds_until_due(world: World) -> float:
    left: dt.timedelta = (await world.delivery())["due_at"] - dt.datetime.now(dt.UTC)
    return left.total_seconds()


async def test_deliveries_published_during_the_wrong_time_are_delivered(world: World) -> None:
    await world.publish(Kept)
    await write_ahead(world, dt.timedelta(0))
    async with world.container.engine().running():
        await until(lambda: world.are(["done"]))


@pytest.mark.parametrize("state", [READY, CLAIMED])
async def test_a_wait_begins_again_with_its_full_length(world: World, state: DeliveryState) -> None:
    await world.publish(Sent)
    await write_ahead(world, dt.timedelta(minutes=10), state)
    assert await Clock(world.database).correct() == (1, False)
    assert 590 < await seconds_until_due(world) < 610
    assert await Clock(world.database).correct() == (0, False)


async def test_a_wait_by_the_right_time_is_not_changed(world: World) -> None:
    await world.publish(Kept, "fail")
    engine, executor = world.container.engine(), world.container.executor()
    await engine.step()
    await executor.finish()
    due_at = (await world.delivery())["due_at"]
    assert await Clock(world.database).correct() == (0, False)
    assert (await world.delivery())["due_at"] == due_at


async def test_waiting_deliveries_are_checked_in_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LOOKED_AT_ONCE", 2)
    for _ in range(5):
        await world.publish(Kept)
    await write_ahead(world, dt.timedelta(0))
    looking = Clock(world.database)
    assert [await looking.correct() for _ in range(3)] == [(2, True), (2, True), (1, False)]
    async with world.container.engine().running():
        await until(lambda: world.are(["done"] * 5))
