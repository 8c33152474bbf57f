from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.config.settings import Settings
from app.main import create_app
from tests.e2e.events.conftest import Failed
from tests.support.dead_letters import HANDLER
from tests.support.metrics import TOKEN


@pytest.fixture
async def watched(settings: Settings, clean_database: None) -> AsyncIterator[httpx2.AsyncClient]:
    """A service that was given a token for its metrics."""
    app = create_app(
        settings.model_copy(update={"metrics_token": SecretStr(TOKEN), "events": "worker"})
    )
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


async def scraped(client: httpx2.AsyncClient) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values."""
    answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, *(s.labels[label] for label in sorted(s.labels))): s.value for s in samples}


async def test_without_a_token_in_the_settings_there_are_no_metrics(
    client: httpx2.AsyncClient,
) -> None:
    for sent in ("", "Bearer ", "Bearer None", f"Bearer {TOKEN}"):
        answer = await client.get("/metrics", headers={"Authorization": sent})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("sent", [None, "Bearer wrong", f"Bearer {TOKEN}x", TOKEN, "Bearer é"])
async def test_without_the_right_token_there_are_no_metrics(
    watched: httpx2.AsyncClient, sent: str | None
) -> None:
    headers: dict[str, Any] = {} if sent is None else {"Authorization": sent.encode()}
    answer = await watched.get("/metrics", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_metrics_tell_what_handlers_have_still_to_do(
    watched: httpx2.AsyncClient, failed: Failed
) -> None:
    await failed()
    found = await scraped(watched)
    assert found["event_backlog", HANDLER, "dead"] == 1
    assert found["event_blocked_streams", HANDLER] == 1


async def test_requests_are_counted_by_the_route_and_never_by_what_a_client_made_up(
    watched: httpx2.AsyncClient,
) -> None:
    before = await scraped(watched)
    await watched.get("/problems/not_found")
    await watched.get("/problems/made_up")
    await watched.get("/nowhere/made_up")
    await watched.request("BREW", "/problems/not_found")
    after = await scraped(watched)

    count = "http_request_duration_seconds_count"
    grown = {name[1:] for name in after if name[0] == count and after[name] > before.get(name, 0)}
    assert grown == {
        ("GET", "/metrics", "200"),
        ("GET", "/problems/{code}", "200"),
        ("GET", "/problems/{code}", "404"),
        ("GET", "none", "404"),
        ("other", "/problems/{code}", "405"),
    }
