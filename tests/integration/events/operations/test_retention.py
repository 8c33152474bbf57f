import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Table, bindparam, func, insert, select, update

from app.shared.domain.base_entity import new_id
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.models import (
    event_attempt,
    event_delivery,
    event_log,
    job_batch,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import retention
from app.shared.infrastructure.events.delivery.retention import (
    BATCH,
    ForgetDeliveries,
    ForgetEvents,
)
from tests.integration.events.operations.world import NOW, RECORD, RENAME, World

DAY = dt.timedelta(days=1)
TICK = ScheduleTick("event.forget", NOW)
ADD_BATCH = Statement(insert(job_batch), columns=["id", "callbacks", "closed_at"])
_IS_THIS = event_delivery.c.id == bindparam("of_id")
DONE_AT = Statement(update(event_delivery).where(_IS_THIS).values(done_at=bindparam("moment")))
RECORDED_AT = Statement(update(event_log).values(recorded_at=bindparam("moment")))
ALL_DONE_AT = Statement(
    update(event_delivery)
    .where(event_delivery.c.done_at.is_not(None))
    .values(done_at=bindparam("moment"))
)


def ago(time: dt.timedelta) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - time


async def count(world: World, table: Table) -> int:
    row = await world.database.fetch_one(
        Statement(select(func.count().label("n")).select_from(table)), {}
    )
    assert row is not None
    return int(row["n"])


async def forget_deliveries(world: World, keep: dt.timedelta = DAY) -> None:
    await ForgetDeliveries(world.database, keep)(TICK, "key")


async def forget_events(world: World, keep: dt.timedelta = DAY) -> None:
    await ForgetEvents(world.database, keep)(TICK, "key")


async def test_a_batch_is_deleted_long_enough_after_its_end(world: World) -> None:
    old, new, still_open = new_id(), new_id(), new_id()
    closed = {old: ago(DAY * 1.01), new: ago(DAY * 0.99), still_open: None}
    for id, moment in closed.items():
        await world.execute(ADD_BATCH, id=id, callbacks={}, closed_at=moment)

    await forget_deliveries(world)

    left = await world.database.fetch_all(Statement(select(job_batch.c.id)), {})
    assert {row["id"] for row in left} == {new, still_open}


async def test_old_finished_deliveries_are_deleted_with_their_attempts(world: World) -> None:
    world.record.refused = {1}
    await world.happen(1, 2)
    await world.drain()
    world.record.refused = set()
    await world.operations.retry(await world.dead_id())
    await world.drain()
    first, second = await world.ids()
    await world.execute(DONE_AT, of_id=first, moment=ago(DAY * 1.01))
    await world.execute(DONE_AT, of_id=second, moment=ago(DAY * 0.99))
    assert await count(world, event_attempt) == 1

    await forget_deliveries(world)

    assert await world.ids() == [second]
    assert await count(world, event_attempt) == 0


async def test_unfinished_deliveries_are_never_deleted(world: World) -> None:
    world.record.refused = {1}
    await world.happen(1, 2)
    await world.drain()
    await world.execute(RECORDED_AT, moment=ago(DAY * 365))

    await forget_deliveries(world, keep=dt.timedelta(0))
    await forget_events(world, keep=dt.timedelta(0))

    assert await world.states() == ["dead", "blocked"]
    assert await count(world, event_log) == 2


async def test_old_events_without_deliveries_are_deleted(
    world: World,
) -> None:
    await world.happen(1, 2)
    await world.drain()
    await world.execute(ALL_DONE_AT, moment=ago(DAY * 2))
    await world.execute(RECORDED_AT, moment=ago(DAY * 1.01))

    await forget_events(world)
    assert await count(world, event_log) == 2  # operators can still look at their deliveries

    await forget_deliveries(world)
    await forget_events(world, keep=DAY * 2)
    assert await count(world, event_log) == 2

    await forget_events(world)
    assert await count(world, event_log) == 0


@pytest.mark.parametrize("state", ["ready", "no_handler"])
async def test_an_event_with_an_unfinished_delivery_is_kept(world: World, state: str) -> None:
    await world.happen(1)
    if state == "no_handler":
        await world.execute(RENAME, of_handler=RECORD, as_handler="test.gone")
        await world.drain()
    await world.execute(RECORDED_AT, moment=ago(DAY * 365))
    await forget_events(world)
    assert await count(world, event_log) == 1


async def test_kept_old_events_are_not_read_again_with_each_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    world.record.refused = {1}
    await world.happen(1, 2, 3, 4, 5)  # a dead delivery, and four that wait behind it
    await world.drain()
    await world.happen_at_once(3)
    await world.execute(RECORDED_AT, moment=ago(DAY * 2))
    assert await count(world, event_log) == 8

    async with asyncio.timeout(10):
        await forget_events(world)

    assert await count(world, event_log) == 5


@pytest.mark.parametrize(
    ("table", "forget"), [(event_delivery, forget_deliveries), (event_log, forget_events)]
)
async def test_a_large_deletion_takes_several_transactions(
    world: World, table: Table, forget: Any
) -> None:
    await world.happen_at_once(BATCH + 1, is_done=table is event_delivery)
    await world.execute(ALL_DONE_AT, moment=ago(DAY * 2))
    await world.execute(RECORDED_AT, moment=ago(DAY * 2))
    assert await count(world, table) == BATCH + 1
    await forget(world)
    assert await count(world, table) == 0
