"""What leaves the service in spans: names and ids, never what a client sent."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest

from app.core import tracing
from app.shared.infrastructure.tracing.export import Export
from app.shared.infrastructure.tracing.lifecycle import TracingOptions
from tests.support.mailbox import Mailbox
from tests.support.otlp import Collector, collector
from tests.support.people import PASSWORD, Person

CANARY: Final = "c4n4ry"


@pytest.fixture
def kept() -> Iterator[Collector]:
    with collector() as kept:
        yield kept


@pytest.fixture
async def export(kept: Collector) -> AsyncIterator[Export]:
    """The session's service traces all that it does while the test runs."""
    options = TracingOptions(
        endpoint=kept.address,
        sampler="traceidratio",
        ratio=1.0,
        timeout=2.0,
        service="test",
        version="1",
        environment="test",
    )
    export = Export(options)
    tracing.start(export.tracers)
    try:
        yield export
    finally:
        tracing.stop()
        await export.close()


async def requests_of_all_kinds(ana: Person, mail: Mailbox) -> set[str]:
    """Send what carries secrets in each place that has one, and return all secrets."""
    client = ana.client
    await client.post(
        "/api/v1/users",
        json={"name": CANARY, "email": f"{CANARY}@example.com", "password": PASSWORD},
    )
    await client.post(
        "/api/v1/auth/token", data={"username": "ana@example.com", "password": CANARY}
    )
    await client.post("/api/v1/auth/refresh", json={"refresh_token": ana.refresh_token})
    await client.post("/api/v1/auth/password/forgot", json={"email": "ana@example.com"})
    note = await ana.post("/notes", {"title": CANARY, "text": CANARY}, key=f"{CANARY}-key")
    assert note.status_code == 201
    await ana.get("/notes", params={"q": CANARY})
    await ana.get("/notes", params={"limit": CANARY})
    await ana.get(f"/notes/{CANARY}")
    await ana.get(f"/{CANARY}")
    await ana.get("/users/me", headers={"User-Agent": CANARY, "Cookie": f"a={CANARY}"})
    await ana.request(CANARY.upper(), "/notes")
    await ana.get("/notes", headers={"X-Forwarded-For": "192.0.2.77"})
    text = str(await mail.to("ana@example.com"))
    assert CANARY not in text
    return {
        *(CANARY, CANARY.upper(), "ana@example.com", PASSWORD, "192.0.2.77", "127.0.0.1"),
        *(ana.access_token, ana.refresh_token),
    }


async def test_no_value_of_a_client_leaves_the_service_in_a_span(
    ana: Person, mail: Mailbox, kept: Collector, export: Export
) -> None:
    secrets = await requests_of_all_kinds(ana, mail)
    await export.close()
    names = {span.name for span in kept.spans}
    assert {"POST /api/v1/notes", "create note.written", "SELECT note"} <= names
    assert any(name.startswith("process ") for name in names)
    everything = b"".join(kept.received)
    assert {secret for secret in secrets if secret.encode() in everything} == set()
