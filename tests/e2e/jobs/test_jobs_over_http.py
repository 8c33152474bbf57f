"""A job over HTTP: accepted, followed, cancelled; by whoever enqueued it, and nobody else."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from app.core.http.service import Service
from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.models import event_delivery, job_cancel
from app.shared.infrastructure.database.statement import Statement
from tests.e2e.jobs.examples import usecases
from tests.e2e.jobs.examples.jobs import PrintNotes
from tests.e2e.jobs.examples.printer import Printer
from tests.e2e.jobs.examples.usecases import Units
from tests.modules.note.domain import Note
from tests.support.jobs import Jobs
from tests.support.people import Person


@pytest.fixture
def printer(service: Service) -> Printer:
    printer: Printer = service.state.container.print.printer()
    printer.pages.clear()
    printer.started.clear()
    printer.gate.set()
    return printer


async def write(person: Person, *titles: str, uow: Units) -> None:
    for title in titles:
        note = Note.write(owner_id=UUID(person.id), title=title, now=dt.datetime.now(dt.UTC))
        await usecases.write_note(uow, note)


async def test_a_job_is_accepted_with_the_address_to_look_at(
    ana: Person, jobs: Jobs, uow: Units, printer: Printer
) -> None:
    await write(ana, "One", "Two", uow=uow)

    accepted = await ana.post("/prints")

    assert accepted.status_code == 202
    address = accepted.headers["location"]
    assert address == f"/api/v1/jobs/{accepted.json()['id']}"
    waiting = (await ana.get(address.removeprefix("/api/v1"))).json()
    assert (waiting["type"], waiting["status"], waiting["attempts"]) == ("note.print", "waiting", 0)
    assert (waiting["result"], waiting["progress"], waiting["ended_at"]) == (None, None, None)
    assert waiting["due_at"] is not None

    await jobs.drain()

    done = (await ana.get(address.removeprefix("/api/v1"))).json()
    assert (done["status"], done["attempts"], done["max_attempts"]) == ("done", 1, 5)
    assert done["result"] == {"pages": 2}
    assert done["progress"] == {"done": 2, "total": 2}
    assert done["ended_at"] is not None
    assert done["due_at"] is None


async def test_the_progress_is_polled_and_the_job_cancelled_half_way(
    ana: Person, jobs: Jobs, uow: Units, printer: Printer
) -> None:
    await write(ana, "One", "Two", "Three", uow=uow)
    id = (await ana.post("/prints")).json()["id"]
    printer.gate.clear()
    draining = asyncio.create_task(jobs.drain())
    await printer.started.wait()

    assert (await ana.get(f"/jobs/{id}")).json()["status"] == "running"
    stopping = (await ana.post(f"/jobs/{id}/cancel")).json()
    assert stopping["status"] == "stopping"
    printer.gate.set()
    await draining

    ended = (await ana.get(f"/jobs/{id}")).json()
    assert (ended["status"], ended["result"]) == ("cancelled", None)
    assert ended["progress"] == {"done": 1, "total": 3}
    assert len(printer.pages) == 1


async def test_a_job_that_was_cancelled_just_before_its_part_ended_stops_before_the_next_part(
    ana: Person, jobs: Jobs, service: Service, printer: Printer
) -> None:
    id = (await ana.post("/prints")).json()["id"]
    mark = insert(job_cancel).from_select(["delivery_id"], select(event_delivery.c.id))
    async with service.state.container.database().transaction() as connection:
        await connection.execute(Statement(mark), {})
        await connection.commit()

    waiting = (await ana.get(f"/jobs/{id}")).json()
    await jobs.drain()
    ended = (await ana.get(f"/jobs/{id}")).json()

    assert (waiting["status"], waiting["due_at"]) == ("stopping", None)
    assert (ended["status"], ended["progress"], printer.pages) == ("cancelled", None, {})


async def test_a_waiting_job_is_cancelled_as_often_as_it_is_asked_and_a_done_one_is_not(
    ana: Person, jobs: Jobs, printer: Printer
) -> None:
    first = (await ana.post("/prints")).json()["id"]
    for _ in range(2):
        answer = await ana.post(f"/jobs/{first}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    second = (await ana.post("/prints")).json()["id"]
    await jobs.drain()

    refused = await ana.post(f"/jobs/{second}/cancel")

    assert (refused.status_code, refused.json()["code"]) == (409, "job_ended")


async def test_a_job_of_somebody_else_is_as_one_that_never_was(
    ana: Person, bruno: Person, printer: Printer
) -> None:
    id = (await ana.post("/prints")).json()["id"]

    for method, address in (("GET", "/jobs/{}"), ("POST", "/jobs/{}/cancel")):
        call = bruno.get if method == "GET" else bruno.post
        theirs, none = await call(address.format(id)), await call(address.format(new_id()))
        assert (theirs.status_code, theirs.json()["code"]) == (404, "job_not_found")
        assert none.json()["code"] == "job_not_found"
    assert (await ana.get(f"/jobs/{id}")).json()["status"] == "waiting"


async def test_a_request_that_is_sent_again_with_its_key_enqueues_no_second_job(
    ana: Person, jobs: Jobs, printer: Printer
) -> None:
    answers = [await ana.post("/prints", key="one") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(await jobs.enqueued(PrintNotes)) == 1
