"""Invalid jobs are refused before anything of them is written."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.events import EventRegistry
from app.core.jobs import Run, job
from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Cancellation, InvalidJob, Job, JobRef
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.support.events import all_events


@dataclass(frozen=True, slots=True)
class Weigh(Job[None]):
    type: ClassVar = "parcel.weigh"

    kilograms: float | None = 1.0
    labels: list[str] | None = None
    parcel_id: UUID | None = None


@job(Weigh)
class WeighHandler:
    async def __call__(self, args: Weigh, run: Run[object]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Lose(Job[None]):
    type: ClassVar = "parcel.lose"


class Unit(SqlUnitOfWork):
    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        """There are none."""


@pytest.fixture
def unit(database: Database) -> Unit:
    registry = EventRegistry()
    registry.subscribe([WeighHandler()], unit_of_work=object)
    return Unit(database, registry, Notifier())


async def test_a_job_is_an_event_of_its_module_with_one_delivery(
    unit: Unit, database: Database
) -> None:
    async with unit as uow:
        ref = await uow.jobs.enqueue(Weigh(2.5))
        await uow.commit()

    (event,) = await all_events(database)
    assert (event["event_id"], event["event_type"]) == (ref.id, "parcel.weigh")
    assert (event["module"], event["aggregate_type"]) == ("parcel", "job")
    assert event["payload"] == {"kilograms": 2.5, "labels": None, "parcel_id": None}


@pytest.mark.parametrize(
    "arguments",
    [
        {"kilograms": math.nan},
        {"kilograms": math.inf},
        {"kilograms": "heavy"},
        {"labels": ("fragile",)},
        {"labels": {"fragile"}},
        {"labels": ["\ud800"]},
        {"parcel_id": object()},
    ],
    ids=["nan", "infinite", "another type", "tuple", "set", "surrogate", "object"],
)
async def test_arguments_that_json_can_not_hold_are_refused_and_nothing_is_enqueued(
    unit: Unit, database: Database, arguments: dict[str, Any]
) -> None:
    async with unit as uow:
        with pytest.raises(InvalidJob, match=r"^arguments: parcel\.weigh"):
            await uow.jobs.enqueue_many([Weigh(), Weigh(**arguments)])
        await uow.commit()

    assert await all_events(database) == []


async def test_a_job_that_nobody_handles_is_refused(unit: Unit, database: Database) -> None:
    async with unit as uow:
        with pytest.raises(TypeError, match=r"Lose has no handler; mark one with @job\(Lose\)"):
            await uow.jobs.enqueue(Lose())
        await uow.commit()

    assert await all_events(database) == []


NOW = dt.datetime.now(dt.UTC)
A_CENTURY = dt.timedelta(days=36_525)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"delay": dt.timedelta(seconds=-1)}, "delay: from 0 to 366 days"),
        ({"delay": A_CENTURY}, "delay: from 0 to 366 days"),
        ({"due_at": NOW + A_CENTURY}, "due_at: at most 366 days from now"),
        ({"due_at": NOW.replace(tzinfo=None)}, "due_at: with a time zone, such as"),
        ({"due_at": NOW, "delay": dt.timedelta()}, "delay: not with due_at: give one of the two"),
        ({"expires_at": NOW, "due_at": NOW}, "expires_at: after due_at"),
        ({"key": ""}, "key: 1 to 200 printable characters"),
        ({"key": "k" * 10_000}, "key: 1 to 200 printable characters"),
        ({"key": "\0"}, "key: 1 to 200 printable characters"),
        ({"once": "k" * 201}, "once: 1 to 200 printable characters"),
        ({"order_by": ""}, "order_by: 1 to 200 printable characters"),
        ({"key": "a", "once": "b"}, "once: not with a key: give one of the two"),
        ({"key": "a", "on_waiting": "drop"}, "on_waiting: one of keep, replace, postpone"),
        ({"on_waiting": "replace"}, "on_waiting: only with a key"),
        ({"order_by": 1, "delay": dt.timedelta(1)}, "order_by: not with a delay"),
        ({"order_by": 1, "due_at": NOW}, "order_by: not with a delay"),
        ({"priority": "urgent"}, "priority: one of high, normal, low"),
    ],
)
async def test_terms_that_make_no_sense_are_refused_and_nothing_is_enqueued(
    unit: Unit, database: Database, terms: dict[str, Any], said: str
) -> None:
    async with unit as uow:
        with pytest.raises(InvalidJob) as refused:
            await uow.jobs.enqueue(Weigh(), **terms)
        await uow.commit()

    assert str(refused.value).startswith(said)
    assert await all_events(database) == []


async def test_many_jobs_are_enqueued_on_the_same_terms(unit: Unit, database: Database) -> None:
    async with unit as uow:
        refs = await uow.jobs.enqueue_many(
            [Weigh(float(n)) for n in range(3)], delay=dt.timedelta(hours=1), priority="low"
        )
        await uow.commit()

    events = await all_events(database)
    assert [event["event_id"] for event in events] == [ref.id for ref in refs]
    assert [event["payload"]["kilograms"] for event in events] == [0.0, 1.0, 2.0]
    waiting = await database.fetch_all(Statement(select(event_delivery)), {})
    assert {row["priority"] for row in waiting} == {2}
    assert all(row["due_at"] - row["due_set_at"] == dt.timedelta(hours=1) for row in waiting)


async def test_to_cancel_jobs_that_nobody_handles_is_refused(unit: Unit) -> None:
    async with unit as uow:
        with pytest.raises(TypeError, match="Lose has no handler"):
            await uow.jobs.cancel(Lose, key="a")


async def test_a_job_of_the_same_transaction_can_be_cancelled(
    unit: Unit, database: Database
) -> None:
    async with unit as uow:
        ref = await uow.jobs.enqueue(Weigh())
        assert await uow.jobs.cancel_one(ref) is Cancellation.CANCELLED
        await uow.commit()

    rows = await database.fetch_all(Statement(select(event_delivery.c.state)), {})
    assert [row["state"] for row in rows] == [DeliveryState.CANCELLED]


async def test_any_number_of_jobs_is_written_in_the_order_of_enqueuing(
    unit: Unit, database: Database
) -> None:
    async with unit as uow:
        refs = [await uow.jobs.enqueue(Weigh(float(number))) for number in range(71)]
        await uow.commit()

    events = await all_events(database)
    assert [event["event_id"] for event in events] == [ref.id for ref in refs]
    assert [event["payload"]["kilograms"] for event in events] == [*range(71)]
    in_order = Statement(select(event_delivery.c.event_id).order_by(event_delivery.c.id))
    rows = await database.fetch_all(in_order, {})
    assert [row["event_id"] for row in rows] == [ref.id for ref in refs]


async def test_to_cancel_a_job_that_never_was_is_too_late(unit: Unit) -> None:
    async with unit as uow:
        assert await uow.jobs.cancel_one(JobRef(new_id())) is Cancellation.TOO_LATE


async def test_a_named_moment_does_not_move_with_the_clock_of_the_database(
    unit: Unit, database: Database
) -> None:
    moment = NOW + dt.timedelta(days=1)
    async with unit as uow:
        await uow.jobs.enqueue(Weigh(), due_at=moment)
        await uow.commit()

    (row,) = await database.fetch_all(Statement(select(event_delivery)), {})
    assert (row["due_at"], row["due_set_at"]) == (moment, None)
