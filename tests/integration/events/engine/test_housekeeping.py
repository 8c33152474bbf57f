"""If housekeeping fails or is slow, deliveries continue, and so do the other duties."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, Final

import pytest
from sqlalchemy import select, update

from app.shared.infrastructure.database.connection import DatabaseUnavailable
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery import (
    housekeeping,
    leases,
    no_handler,
    scheduler,
    unblocking,
)
from app.shared.infrastructure.events.delivery.engine import Engine
from app.shared.infrastructure.events.delivery.housekeeping import Done, Duty, Housekeeping
from app.shared.infrastructure.events.delivery.local import LocalExecutor
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.delivery.unblocking import Unblocker
from app.shared.infrastructure.events.delivery.worker_ids import this_worker_id
from tests.support.probe.handlers import YEARLY
from tests.support.probe.module import Kept
from tests.support.probe.shapes import ONE_PLACE
from tests.support.probe.world import BLOCKED, NO_HANDLER, READY, World, until
from tests.support.refusing import Refusing

FIRST_STATEMENTS: Final = {
    "schedules": scheduler.NOW,
    "leases": leases.WORKER_IDS,
    "blocked": unblocking.NEXT_HANDLER,
    "no_handler": no_handler.HANDLERS,
}


def engine_on(world: World, database: Refusing) -> Engine:
    registry, notifier = world.container.registry(), Notifier()
    runner = Runner(database, registry, worker_id=this_worker_id(), lease=60)
    return Engine(
        database,
        registry,
        runner,
        LocalExecutor(runner, notifier, registry, queues=ONE_PLACE),
        notifier,
    )


@pytest.mark.parametrize("duty", FIRST_STATEMENTS)
@pytest.mark.parametrize("error", [DatabaseUnavailable(), ValueError("nobody thought of it")])
async def test_deliveries_continue_while_a_housekeeping_task_fails(
    world: World, duty: str, error: Exception
) -> None:
    database = Refusing(world.database, FIRST_STATEMENTS[duty], error)
    async with engine_on(world, database).running():
        await until(lambda: database.refused > 0)
        await world.publish(Kept)
        await until(lambda: world.are(["done"]))


@pytest.mark.parametrize("state", [BLOCKED, NO_HANDLER])
async def test_a_failing_housekeeping_task_does_not_stop_the_others(
    world: World, state: DeliveryState
) -> None:
    other = {BLOCKED: "no_handler", NO_HANDLER: "blocked"}[state]
    await world.publish(Kept)
    await world.execute(update(event_delivery).values(state=int(state)))
    database = Refusing(world.database, FIRST_STATEMENTS[other], ValueError())
    async with engine_on(world, database).running():
        await until(lambda: world.are(["done"]))
    assert database.refused > 0


async def test_a_schedule_that_cannot_be_published_does_not_stop_the_others(
    world: World,
) -> None:
    broken = scheduler.schedule_id("event.forget_deliveries")
    database = Refusing(
        world.database,
        scheduler.FIRED,
        ValueError("refused"),
        only=lambda params: params["schedule_id"] == broken,
    )
    with pytest.raises(ValueError, match="refused") as caught:
        await scheduler.Scheduler(database, world.container.registry()).fire_due()

    assert caught.value.__notes__ == ["schedule event.forget_deliveries"]
    rows = await world.fetch(select(event_delivery.c.handler))
    schedules = {h.id for h in world.container.registry().handlers if h.subscription.timetable}
    assert {row["handler"] for row in rows} == schedules - {"event.forget_deliveries", YEARLY}


# --- Pages that take too long -------------------------------------------------------------------


async def test_a_slow_page_is_halved_until_it_is_fast(world: World) -> None:
    for _ in range(10):
        await world.publish(Kept)
    await world.execute(update(event_delivery).values(state=int(BLOCKED)))
    database = Refusing(
        world.database, unblocking.PAGE, DatabaseUnavailable(), only=lambda asked: asked["most"] > 4
    )
    unblocked = await swept_to_the_end(Unblocker(database))
    assert await world.states() == ["ready"] * 10
    assert unblocked == 10


async def test_a_single_slow_stream_is_skipped(world: World) -> None:
    streams = sorted([await world.publish(Kept) for _ in range(5)], key=lambda stream: stream.hex)
    await world.execute(update(event_delivery).values(state=int(BLOCKED)))
    database = Refusing(
        world.database,
        unblocking.PAGE,
        DatabaseUnavailable(),
        only=lambda asked: asked["after_stream"] < streams[2] and reaches(streams, asked, 2),
    )
    await swept_to_the_end(Unblocker(database))
    left = [row["stream_id"] for row in await world.deliveries() if row["state"] == BLOCKED]
    assert left == [streams[2]]


def reaches(streams: list[Any], asked: Any, index: int) -> bool:
    begin = sum(bool(stream <= asked["after_stream"]) for stream in streams)
    end = begin + int(asked["most"])
    return begin <= index < end


async def swept_to_the_end(unblock: Unblocker) -> int:
    hit, is_over = 0, False
    while not is_over:
        try:
            unblocked = await unblock.unblock()
        except DatabaseUnavailable:
            continue
        hit, is_over = hit + unblocked.hit, unblocked.end is None
    return hit


# --- How often ----------------------------------------------------------------------------------


@asynccontextmanager
async def only_duty(world: World, duty: Duty) -> AsyncIterator[None]:
    keeping = Housekeeping(world.database, world.container.registry(), Notifier())
    keeping.duties = {"test": duty}
    async with keeping.running():
        yield


async def test_the_interval_counts_from_the_end_of_a_housekeeping_task(world: World) -> None:
    begins, ends = [], []

    async def work() -> Done:
        begins.append(time.monotonic())
        await asyncio.sleep(0.02)
        ends.append(time.monotonic())
        return Done(0)

    async with only_duty(world, Duty(0.03, work)):
        await until(lambda: len(ends) > 2)
    pauses = [begin - end for end, begin in zip(ends, begins[1:], strict=False)]
    assert min(pauses) >= 0.029


async def test_a_housekeeping_task_with_more_work_uses_a_fraction_of_the_time(world: World) -> None:
    begins: list[float] = []

    async def work() -> Done:
        begins.append(time.monotonic())
        await asyncio.sleep(0.01)
        return Done(0, has_more=len(begins) < 4)

    async with only_duty(world, Duty(3600.0, work)):
        await until(lambda: len(begins) == 4)
    gaps = [after - before for before, after in pairwise(begins)]
    assert min(gaps) >= 0.01 / housekeeping.SHARE


async def test_a_failure_is_logged_once_and_so_is_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    monkeypatch.setattr(housekeeping, "log", told)
    results: Iterator[Done | Exception] = iter(
        [ValueError(), ValueError(), DatabaseUnavailable(), Done(0), Done(0)]
    )
    is_over = asyncio.Event()

    async def work() -> Done:
        result = next(results, None)
        if result is None:
            is_over.set()
            return Done(0)
        if isinstance(result, Exception):
            raise result
        return result

    async with only_duty(world, Duty(0.0, work)):
        await is_over.wait()
    assert told.lines == ["unexpected", "database_unavailable", "goes on"]


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, _event: str, *, duty: str, reason: str, exc_info: object) -> None:
        self.lines.append(reason)

    def info(self, _event: str, *, duty: str) -> None:
        self.lines.append("goes on")


# --- What was parked ----------------------------------------------------------------------------


async def test_deliveries_of_a_handler_that_exists_again_are_run_in_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await world.publish(Kept)
    await world.execute(update(event_delivery).values(state=int(NO_HANDLER)))
    counts = [
        await no_handler.requeue(world.database, world.container.registry(), most=2)
        for _ in range(4)
    ]
    assert counts == [2, 2, 1, 0]
    assert {row["state"] for row in await world.deliveries()} == {READY}


async def test_deliveries_of_a_removed_handler_stay(world: World) -> None:
    await world.publish(Kept)
    await world.execute(update(event_delivery).values(state=int(NO_HANDLER), handler="probe.gone"))
    assert await no_handler.requeue(world.database, world.container.registry()) == 0
    assert await world.states() == ["no_handler"]
