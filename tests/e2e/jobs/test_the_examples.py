"""The examples of docs/jobs.md do what it says."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest

from app.core.endings import Continue
from app.core.http.service import Service
from app.core.jobs import Run, job
from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Cancellation, Job
from tests.e2e.jobs.examples import usecases
from tests.e2e.jobs.examples.jobs import ArchiveNotes, PrintNotes, TellOwner
from tests.e2e.jobs.examples.printer import Printer
from tests.e2e.jobs.examples.usecases import Units
from tests.modules.note.domain import Note
from tests.support import scenario
from tests.support.jobs import Jobs
from tests.support.people import Person

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def told(service: Service) -> list[str]:
    told: list[str] = service.state.container.print.told()
    told.clear()
    return told


@pytest.fixture
def printer(service: Service) -> Printer:
    printer: Printer = service.state.container.print.printer()
    printer.pages.clear()
    return printer


def a_note(owner_id: UUID, title: str = "Lay the foundation") -> Note:
    return Note.write(owner_id=owner_id, title=title, now=NOW)


async def test_a_job_is_enqueued_with_a_change_and_runs(
    ana: Person, jobs: Jobs, uow: Units, told: list[str]
) -> None:
    note = a_note(UUID(ana.id))
    await usecases.write_note(uow, note)

    assert await jobs.enqueued(TellOwner) == [TellOwner(note.id, "You wrote Lay the foundation.")]
    await jobs.drain()

    assert told == ["You wrote Lay the foundation."]
    assert await jobs.enqueued(TellOwner) == []


async def test_jobs_run_when_their_time_has_come(
    ana: Person, jobs: Jobs, uow: Units, told: list[str]
) -> None:
    note = a_note(UUID(ana.id))
    await usecases.remind_later(uow, note, due_at=NOW + dt.timedelta(days=2))

    await jobs.drain()
    assert told == ["Welcome."]

    await jobs.drain(until=dt.timedelta(minutes=59))
    assert told == ["Welcome."]
    await jobs.drain(until=dt.timedelta(minutes=2))
    assert told == ["Welcome.", "It is time."]
    await jobs.drain(until=dt.timedelta(days=2))
    assert told == ["Welcome.", "It is time.", "It is time."]


async def test_a_postponed_job_runs_once_after_the_last_change(
    ana: Person, jobs: Jobs, uow: Units, printer: Printer
) -> None:
    owner_id = UUID(ana.id)
    await usecases.write_note(uow, a_note(owner_id))
    for _ in range(3):
        await usecases.print_after_the_last_change(uow, owner_id)
        await jobs.drain(until=dt.timedelta(minutes=3))
    assert printer.pages == {}

    await jobs.drain(until=dt.timedelta(minutes=3))
    assert list(printer.pages.values()) == ["Lay the foundation"]


async def test_jobs_in_an_order_keep_it(
    ana: Person, jobs: Jobs, uow: Units, told: list[str]
) -> None:
    texts = ["one", "two", "three"]
    await usecases.tell_in_order(uow, a_note(UUID(ana.id)), texts)
    await jobs.drain()
    assert told == texts


async def test_a_long_job_is_done_in_parts(
    ana: Person, jobs: Jobs, uow: Units, told: list[str]
) -> None:
    owner_id = UUID(ana.id)
    notes = [a_note(owner_id, f"Note {number}") for number in range(5)]
    for note in notes:
        await usecases.write_note(uow, note)
    await usecases.archive_for_all(uow, [owner_id])
    assert await jobs.enqueued(ArchiveNotes) == [ArchiveNotes(owner_id)]

    await jobs.drain()

    async with uow() as unit:
        found = await unit.notes.page(owner_id, None, 10)
    assert [note.is_archived for note in found] == [True] * 5


async def test_after_all_jobs_of_a_batch_its_callbacks_run_once(
    ana: Person, jobs: Jobs, uow: Units, told: list[str], printer: Printer
) -> None:
    owners = [UUID(ana.id), new_id()]
    note = a_note(owners[0])
    await usecases.write_note(uow, note)
    await usecases.archive_and_tell(uow, note, owners)
    assert await jobs.enqueued(ArchiveNotes) == [ArchiveNotes(owner) for owner in owners]
    assert await jobs.enqueued(PrintNotes) == []

    await jobs.drain()

    assert told == ["You wrote Lay the foundation.", "All notes are archived."]
    assert list(printer.pages.values()) == ["Lay the foundation"]


async def test_a_job_that_waits_is_cancelled(
    ana: Person, jobs: Jobs, uow: Units, printer: Printer
) -> None:
    owner_id = UUID(ana.id)
    await usecases.print_after_the_last_change(uow, owner_id)
    assert await usecases.forget_print(uow, owner_id) is Cancellation.CANCELLED

    assert await jobs.enqueued(PrintNotes) == []
    await jobs.drain(until=dt.timedelta(hours=1))
    assert printer.pages == {}


# --- drain() ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count(Job[None]):
    """It never ends."""

    type: ClassVar = "note.count"


@job(Count)
class CountHandler:
    async def __call__(self, args: Count, run: Run[object]) -> None:
        raise Continue((run.cursor or 0) + 1)


async def test_a_job_that_goes_on_for_ever_fails_the_test_that_drains(
    service: Service, uow: Units, jobs: Jobs, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = service.state.container
    if container.registry().handler("note.count") is None:
        container.registry().subscribe([CountHandler()], unit_of_work=container.print.uow)
    async with uow() as unit:
        await unit.jobs.enqueue(Count())
        await unit.commit()
    monkeypatch.setattr(scenario, "PATIENCE_SECONDS", 0.5)

    with pytest.raises(AssertionError, match=r"goes on for over 0\.5 s: .*note\.count is"):
        await jobs.drain()
