"""Jobs that are retried, and jobs that this code can't read."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import func, select, update

from app.shared.application.events import DeliverySuperseded, HandlerWithoutEvents
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.models import (
    event_delivery,
    event_log,
    job_cancel,
    job_state,
)
from app.shared.infrastructure.events.delivery import no_handler
from app.shared.infrastructure.events.delivery.retention import ForgetDeliveries
from tests.integration.events.engine.conftest import on_postgresql
from tests.support.probe.module import Tell, Work
from tests.support.probe.world import World

TICK = ScheduleTick("event.forget_deliveries", dt.datetime.now(dt.UTC))
AN_HOUR = dt.timedelta(hours=1)
_this = event_delivery.c


async def kill(world: World, job: Work, key: str) -> int:
    """Enqueue a job, and let it fail until it is dead; return the number of its delivery."""
    await world.enqueue(job, key=key)
    waiting = _this.state == 0
    await world.execute(update(event_delivery).where(waiting).values(state=2, attempts=3))
    return int((await world.deliveries())[-1]["id"])


async def test_a_dead_job_is_not_retried_beside_a_newer_one_with_its_key(world: World) -> None:
    dead = await kill(world, Work(number=1), "report")
    await world.enqueue(Work(number=2), key="report")

    with pytest.raises(DeliverySuperseded):
        await world.container.operations().retry(dead)

    assert (await world.container.operations().retry_all("probe.work")).deliveries == 0
    await world.container.engine().drain()
    assert await world.states() == ["dead", "done"]
    assert await world.effects() == [2]


async def test_of_dead_jobs_with_one_key_the_newest_is_retried(world: World) -> None:
    await kill(world, Work(number=1), "report")
    await kill(world, Work(number=2), "report")
    await kill(world, Work(number=3), "another")

    assert (await world.container.operations().retry_all("probe.work")).deliveries == 2
    await world.container.engine().drain()

    assert await world.states() == ["dead", "done", "done"]
    assert sorted(await world.effects()) == [2, 3]


async def test_of_parked_jobs_with_one_key_the_newest_runs_when_the_handler_is_back(
    world: World,
) -> None:
    for number in (1, 2):
        await world.enqueue(Work(number=number), key="report")
        await world.execute(update(event_delivery).where(_this.state == 0).values(state=5))

    await no_handler.requeue(world.database, world.container.registry())
    await world.container.engine().drain()

    assert await world.states() == ["cancelled", "done"]
    assert await world.effects() == [2]


async def test_a_job_that_does_not_fit_this_code_is_dead_at_once_and_says_why(
    world: World,
) -> None:
    await world.enqueue(Work())
    await world.execute(update(event_log).values(payload={"number": "many", "acts": []}))

    await world.container.engine().drain()

    assert await world.states() == ["dead"]
    (attempt,) = await world.attempts()
    assert attempt["error"] == (
        "Undecodable: probe.work, version 1, does not fit this code: "
        "number: Input should be a valid integer, unable to parse string as an integer"
    )


async def test_results_and_cancelled_jobs_are_forgotten_after_their_time(world: World) -> None:
    await world.enqueue(Work(number=1), key="a")
    await world.container.engine().drain()
    await world.enqueue(Work(number=2), key="b")
    await world.cancel(Work, "b")
    await world.enqueue(Work(number=3), key="c", delay=AN_HOUR)
    forget = ForgetDeliveries(world.database, AN_HOUR)

    await forget(TICK, "key")
    assert await world.states() == ["done", "cancelled", "ready"]
    long_ago = dt.datetime.now(dt.UTC) - 2 * AN_HOUR
    await world.execute(
        update(event_delivery).where(_this.done_at.is_not(None)).values(done_at=long_ago)
    )
    await forget(TICK, "key")

    assert await world.states() == ["ready"]
    for table in (job_state, job_cancel):
        (row,) = await world.fetch(select(func.count().label("rows")).select_from(table))
        assert row["rows"] == 0


async def test_events_are_not_played_again_to_the_handler_of_a_job(world: World) -> None:
    with pytest.raises(HandlerWithoutEvents):
        await world.container.replay().backfill("probe.work", since=dt.datetime.now(dt.UTC))


async def test_a_job_that_is_cancelled_before_its_process_takes_it_again_does_not_run(
    world: World,
) -> None:
    await world.enqueue(Tell(), key="report")
    claimed = {"state": 1, "token": 1, "attempts": 1}
    await world.execute(update(event_delivery).values(claimed))  # by a killed process
    await world.cancel(Tell, "report")

    await world.end_leases()
    await world.container.engine().drain()

    assert await world.states() == ["cancelled"]
    assert world.folder.sent() == []


@on_postgresql
async def test_a_waiting_job_does_not_begin_before_a_change_with_its_key_is_committed(
    world: World,
) -> None:
    await world.enqueue(Work(), key="report")
    async with world.unit_of_work() as uow:
        await uow.jobs.enqueue(Work(), key="report")
        await world.container.engine().step()
        assert await world.states() == ["ready"]
        await uow.commit()

    await world.container.engine().drain()
    assert await world.effects() == [1]


async def test_the_next_job_of_an_order_waits_for_the_commit_of_the_one_before(
    world: World,
) -> None:
    async with world.unit_of_work() as first:
        await first.jobs.enqueue(Work(number=1), order_by=1)
        second = asyncio.create_task(world.enqueue(Work(number=2), order_by=1))
        assert await asyncio.wait([second], timeout=0.2) == (set(), {second})
        await first.commit()
    await second

    assert [row["stream_position"] for row in await world.deliveries()] == [1, 2]
