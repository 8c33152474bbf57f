"""An invalid batch is refused, and nothing of it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core.events import EventRegistry
from app.shared.domain.jobs import InvalidJob, Job
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.models import event_delivery, event_log, job_batch
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.notifier import Notifier
from tests.integration.events.operations.test_enqueuing import Lose, Unit, Weigh, WeighHandler

TABLES = (event_delivery, event_log, job_batch)


@pytest.fixture
def unit(database: Database) -> Unit:
    registry = EventRegistry()
    registry.subscribe([WeighHandler()], unit_of_work=object)
    return Unit(database, registry, Notifier())


async def rows(database: Database) -> list[int]:
    counts = [Statement(select(func.count().label("n")).select_from(table)) for table in TABLES]
    found = [await database.fetch_all(count, {}) for count in counts]
    return [row["n"] for (row,) in found]


async def enqueue_batch(uow: Unit, *jobs: Job[Any], commit_inside: bool = False) -> None:
    async with uow.jobs.batch(then=Weigh()) as batch:
        for job in jobs:
            await batch.enqueue_many([job])
        if commit_inside:
            await uow.commit()


async def test_a_batch_is_written_with_its_jobs_at_the_end_of_its_block(
    unit: Unit, database: Database
) -> None:
    async with unit as uow:
        async with uow.jobs.batch(then=Weigh()) as batch:
            await batch.enqueue_many([Weigh(1.0), Weigh(2.0)])
            await batch.enqueue_many([Weigh(3.0)])
        await uow.commit()

    assert await rows(database) == [3, 3, 1]


@pytest.mark.parametrize(
    ("begin", "refusal", "reason"),
    [
        (lambda uow: uow.jobs.batch(), InvalidJob, "batch: at least one of then, catch, finally_"),
        (lambda uow: uow.jobs.batch(then=Lose()), TypeError, "Lose has no handler"),
        (lambda uow: uow.jobs.batch(catch=Weigh(float("nan"))), InvalidJob, "arguments"),
    ],
    ids=["no callback", "a callback without a handler", "arguments that JSON can not hold"],
)
async def test_callbacks_that_can_not_be_enqueued_are_refused(
    unit: Unit, begin: Callable[[Unit], object], refusal: type[Exception], reason: str
) -> None:
    async with unit as uow:
        with pytest.raises(refusal, match=reason):
            begin(uow)


async def test_a_batch_without_jobs_is_refused(unit: Unit, database: Database) -> None:
    async with unit as uow:
        with pytest.raises(InvalidJob, match="batch: at least one job"):
            await enqueue_batch(uow)
        await uow.commit()

    assert await rows(database) == [0, 0, 0]


@pytest.mark.parametrize("wrong", [Weigh(float("nan")), Lose()], ids=["arguments", "no handler"])
async def test_after_an_error_in_the_block_nothing_of_the_batch_is_written(
    unit: Unit, database: Database, wrong: Any
) -> None:
    async with unit as uow:
        with pytest.raises((InvalidJob, TypeError)):
            await enqueue_batch(uow, Weigh(), wrong)
        await uow.commit()

    assert await rows(database) == [0, 0, 0]


async def test_a_batch_takes_no_job_outside_of_its_block(unit: Unit, database: Database) -> None:
    async with unit as uow:
        batch = uow.jobs.batch(then=Weigh())
        with pytest.raises(TypeError, match="only inside its `async with` block"):
            await batch.enqueue_many([Weigh()])
        async with batch:
            await batch.enqueue_many([Weigh()])
        with pytest.raises(TypeError, match="only inside its `async with` block"):
            await batch.enqueue_many([Weigh()])
        with pytest.raises(TypeError, match="begin another with"):
            await batch.__aenter__()
        await uow.commit()

    assert await rows(database) == [1, 1, 1]


async def test_a_commit_inside_the_block_is_refused(unit: Unit, database: Database) -> None:
    async with unit as uow:
        with pytest.raises(TypeError, match="after the `async with` block of a batch"):
            await enqueue_batch(uow, Weigh(), commit_inside=True)

    assert await rows(database) == [0, 0, 0]
