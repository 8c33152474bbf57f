"""What users do with jobs, in the processes that operators start, on both databases."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.jobs.desk import PROCESS
from tests.support.emails import read
from tests.support.people import Person
from tests.support.running import EMAIL, SHAPES, RunningService, running_service
from tests.support.smtp import MailServer, mail_server

pytestmark = pytest.mark.thorough

EMAILS = 300
PAUSE_SECONDS = 0.05


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        server.pause = PAUSE_SECONDS
        yield server


@pytest.fixture(params=SHAPES)
async def running(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    another_database: Callable[[str, str], str],
    database_kind: str,
    server: MailServer,
) -> AsyncIterator[RunningService]:
    async with running_service(
        request.param,
        tmp_path,
        module=PROCESS,
        DATABASE_URL=another_database(database_kind, f"jobs_{request.param}"),
        SMTP_URL=f"smtp://127.0.0.1:{server.port}",
        EVENT_QUEUES="outside=8",  # as many as emails may be sent at once
    ) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
async def ana(running: RunningService) -> Person:
    return await running.sign_in()


async def begin_report(ana: Person, title: str, **more: int) -> str:
    accepted = await ana.post("/desk/reports", {"title": title, **more})
    assert accepted.status_code == 202
    return accepted.headers["location"].removeprefix("/api/v1")


async def shown(ana: Person, address: str) -> dict[str, Any]:
    answer = await ana.get(address)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def pages_of(ana: Person, title: str) -> int:
    """The number of the report's pages that were written."""
    notes = (await ana.get("/notes", params={"limit": 100})).json()["items"]
    return len([note for note in notes if note["title"] == title])


async def test_a_report_is_followed_and_cancelled_half_way(
    running: RunningService, ana: Person
) -> None:
    address = await begin_report(ana, "Long", pages=90)

    async def is_under_way() -> bool:
        seen = await shown(ana, address)
        return bool(seen["status"] == "running" and (seen["progress"] or {"done": 0})["done"] >= 3)

    await running.until(is_under_way)
    asked = (await ana.post(f"{address}/cancel")).json()
    assert asked["status"] in {"stopping", "cancelled"}

    async def has_stopped() -> bool:
        return bool((await shown(ana, address))["status"] == "cancelled")

    await running.until(has_stopped)
    ended = await shown(ana, address)
    done = ended["progress"]["done"]
    assert 3 <= done < 90
    assert (ended["progress"]["total"], ended["result"]) == (90, None)
    assert await pages_of(ana, "Long") == done

    later = await begin_report(ana, "Short", pages=2)

    async def is_done() -> bool:
        return bool((await shown(ana, later))["status"] == "done")

    await running.until(is_done)
    assert (await shown(ana, later))["result"] == 2
    assert await pages_of(ana, "Long") == done
    assert await shown(ana, address) == ended


async def test_a_report_that_is_cancelled_while_it_waits_has_no_page(
    running: RunningService, ana: Person
) -> None:
    address = await begin_report(ana, "Cancelled", pages=2, delay_seconds=1)
    later = await begin_report(ana, "Not cancelled", pages=2, delay_seconds=1)
    assert (await ana.post(f"{address}/cancel")).json()["status"] == "cancelled"

    async def is_done() -> bool:
        return bool((await shown(ana, later))["status"] == "done")

    await running.until(is_done)
    ended = await shown(ana, address)
    assert (ended["status"], ended["attempts"], ended["progress"]) == ("cancelled", 0, None)
    assert await pages_of(ana, "Cancelled") == 0


async def test_a_password_reset_is_sent_before_the_many_emails_that_were_enqueued_earlier(
    running: RunningService, ana: Person, server: MailServer
) -> None:
    assert (await ana.post("/desk/news", {"readers": EMAILS})).status_code == 204

    async def is_busy() -> bool:
        return len(server.delivered) >= 20

    await running.until(is_busy)
    asked = await running.client.post("/api/v1/auth/password/forgot", json={"email": EMAIL})
    assert asked.status_code == 202

    async def is_delivered() -> bool:
        return any(each.recipients == [EMAIL] for each in server.delivered)

    await running.until(is_delivered)
    # More than half of the others still wait: as long as the server takes one second for them.
    assert len(server.delivered) < EMAILS / 2
    [reset] = [each for each in server.delivered if each.recipients == [EMAIL]]
    assert "password" in read(reset.content)["Subject"]

    async def are_counted() -> bool:
        of_news = 'handler="desk.send_news",outcome="done",queue="outside"'
        shown = await running.metrics()
        return f"event_deliveries_total{{{of_news}}} {EMAILS}.0" in shown

    await running.until(are_counted)
    assert len({*(each.recipients[0] for each in server.delivered)}) == EMAILS + 1
