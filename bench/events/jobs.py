"""What is measured of jobs: each returns what it saw in one round."""

import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from itertools import count as counted
from typing import Any, Final

from sqlalchemy import delete, func, select

from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Cancellation, Job
from app.shared.infrastructure.database.models import event_attempt, event_delivery
from app.shared.infrastructure.database.statement import Statement
from bench.events.module import FAILS, TITLE, Note, Record, Wait
from bench.events.service import Bench
from bench.events.workloads import DONE_WITH, claiming, waking

FORGET_ALL: Final = Statement(delete(event_delivery))
FAILURES: Final = Statement(select(func.count().label("count")).select_from(event_attempt))

SLOW_JOBS: Final = 200
SLOW_SECONDS: Final = 4.0
AT_ONCE: Final = 10_000
NUMBERS: Final = counted(1)
"""Of the jobs that wait with a key: each is cancelled once."""


class WrongResult(Exception):
    """The service did not do what is measured."""


def notes(count: int) -> list[Note]:
    return [Note(new_id()) for _ in range(count)]


async def enqueue(bench: Bench, jobs: Sequence[Job[Any]]) -> None:
    for first in range(0, len(jobs), AT_ONCE):
        async with bench.unit_of_work() as uow:
            await uow.jobs.enqueue_many(jobs[first : first + AT_ONCE])
            await uow.commit()


async def delivering_jobs(bench: Bench, jobs: Sequence[Job[Any]]) -> list[float]:
    """Jobs a second, from the commit of all of them until the last one is done."""
    await enqueue(bench, jobs)
    async with bench.container.engine().running():
        began = time.perf_counter()
        await bench.until_done()
        return [len(jobs) / (time.perf_counter() - began)]


async def delivering_notes(bench: Bench, *, count: int) -> list[float]:
    return await delivering_jobs(bench, notes(count))


async def delivering_outside(bench: Bench, *, count: int) -> list[float]:
    """The same of jobs that are not transactional and do nothing."""
    return await delivering_jobs(bench, [Wait(0.0)] * count)


async def delivering_some_fail(bench: Bench, *, count: int) -> list[float]:
    """Deliveries a second where one of a hundred fails; each of these has its own attempt."""
    before = await _failures(bench)
    titles = [TITLE if number % 100 else FAILS for number in range(count)]
    async with bench.container.engine().running():
        await bench.publish(*titles)
        began = time.perf_counter()
        await bench.until_done()
        seconds = time.perf_counter() - began
    if await _failures(bench) - before != titles.count(FAILS):
        raise WrongResult("not exactly one attempt for each failure")
    return [count / seconds]


async def _failures(bench: Bench) -> int:
    row = await bench.database.fetch_one(FAILURES, {})
    return int(row["count"]) if row else 0


# --- Waiting --------------------------------------------------------------------------------------


async def waking_beside_slow_jobs(bench: Bench, *, count: int) -> list[float]:
    """Milliseconds from a commit until its handler begins, while slow jobs fill `outside`."""
    async with _delivering_beside(bench, [Wait(SLOW_SECONDS)] * SLOW_JOBS):
        return await waking(bench, count=count)


async def waking_beside_many(bench: Bench, *, count: int, due: int) -> list[float]:
    """The same while so many jobs of another handler in its queue are due."""
    async with _delivering_beside(bench, notes(due)):
        return await waking(bench, count=count)


@asynccontextmanager
async def _delivering_beside(bench: Bench, jobs: Sequence[Job[Any]]) -> AsyncIterator[None]:
    await enqueue(bench, jobs)
    async with bench.container.engine().running():
        yield
    async with bench.database.transaction() as connection:
        await connection.execute(FORGET_ALL, {})
        await connection.commit()


async def claiming_notes(bench: Bench, *, times: int) -> list[float]:
    """Milliseconds of each claim of four jobs, beside what the table has besides."""
    await enqueue(bench, notes(4 * times))
    waits = await claiming(bench, at_once=4, times=times)
    await bench.database.execute(DONE_WITH, {})
    return waits


# --- Enqueuing and steering -----------------------------------------------------------------------


async def enqueuing(bench: Bench, *, times: int, publishes: bool) -> list[float]:
    """Microseconds that a job adds to a use case that writes a row, and perhaps publishes."""
    added = []
    for _ in range(times):
        without = await _milliseconds(_use_case(bench, publishes=publishes))
        with_job = await _milliseconds(_use_case(bench, Note(new_id()), publishes=publishes))
        added.append((with_job - without) * 1_000)
    return added


async def _use_case(bench: Bench, *jobs: Note, publishes: bool) -> None:
    async with bench.unit_of_work() as uow:
        record = Record.make()
        await uow.take_effect(record.id, at=0)
        if publishes:
            uow.save(record)
        for job in jobs:
            await uow.jobs.enqueue(job)
        await uow.commit()


async def enqueuing_many(bench: Bench) -> list[float]:
    """Milliseconds of a transaction that enqueues 10,000 jobs."""
    return [await _milliseconds(enqueue(bench, notes(AT_ONCE)))]


async def cancelling(bench: Bench, *, times: int) -> list[float]:
    """Milliseconds to cancel one job of the many that wait, by its key."""
    return [await _milliseconds(_cancel(bench, next(NUMBERS))) for _ in range(times)]


async def _cancel(bench: Bench, number: int) -> None:
    async with bench.unit_of_work() as uow:
        answer = await uow.jobs.cancel(Note, key=f"key {number}")
        await uow.commit()
    if answer is not Cancellation.CANCELLED:
        raise WrongResult(f"a job that waits was to be cancelled: {answer}")


async def pausing(bench: Bench, *, times: int) -> list[float]:
    """Milliseconds to pause a handler with many waiting jobs, and to resume it."""
    operations = bench.container.operations()
    waits = []
    for _ in range(times):
        waits.append(await _milliseconds(operations.pause(Note.type)))
        waits.append(await _milliseconds(operations.resume(Note.type)))
    return waits


async def _milliseconds(work: Awaitable[None]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1_000
