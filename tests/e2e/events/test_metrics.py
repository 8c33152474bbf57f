import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.config.settings import Settings
from app.main import create_app
from app.shared.infrastructure.backup.metrics import BACKUP_TAKEN, RESTORE_PROVEN
from tests.e2e.events.conftest import Failed
from tests.support.dead_letters import HANDLER
from tests.support.metrics import TOKEN
from tests.support.promtool import RULES, metrics_in, panels, rules


@pytest.fixture
async def watched(settings: Settings, clean_database: None) -> AsyncIterator[httpx2.AsyncClient]:
    """A service with a token for its metrics."""
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
    """Each sample by its name and the values of its labels."""
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


async def test_the_metrics_show_the_remaining_deliveries_of_handlers(
    watched: httpx2.AsyncClient, failed: Failed
) -> None:
    await failed()
    found = await scraped(watched)
    assert found["event_backlog", HANDLER, "default", "dead"] == 1
    assert found["event_blocked_streams", HANDLER, "default"] == 1


def text_string_to_openmetrics(text: str) -> Iterator[Metric]:
    families: Iterator[Metric] = openmetrics.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return families


# As Prometheus sends it.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.2"
)


@pytest.mark.parametrize(
    "accept", [PROMETHEUS, "application/openmetrics-text", "Application/OpenMetrics-Text"]
)
async def test_a_client_that_accepts_openmetrics_gets_openmetrics(
    watched: httpx2.AsyncClient, failed: Failed, accept: str
) -> None:
    await failed()
    await watched.get("/health/live")
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept}
    answer = await watched.get("/metrics", headers=headers)
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.text.endswith("\n# EOF\n")
    families = list(text_string_to_openmetrics(answer.text))
    samples = [sample for family in families for sample in family.samples]
    waiting = [each.labels for each in samples if each.name == "event_backlog"]
    assert {"handler": HANDLER, "queue": "default", "state": "dead"} in waiting
    assert "http_request_duration_seconds_count" in {each.name for each in samples}


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "text/plain",
        "text/plain, application/openmetrics-text;q=0.5",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;version=9.9",
        "application/openmetrics-text;version=é",
        "application/openmetrics-text;q=0.1,text/plain;q=much;;,=",
        "",
    ],
)
async def test_a_client_that_prefers_another_type_gets_the_text_form(
    watched: httpx2.AsyncClient, accept: str
) -> None:
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"accept", accept.encode())]
    answer = await watched.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_requests_are_counted_by_route_and_never_by_values_of_a_client(
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


ENDINGS = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}


async def test_every_metric_that_an_alert_or_a_panel_names_is_exported(
    watched: httpx2.AsyncClient,
) -> None:
    answer = await watched.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", answer.text, re.MULTILINE)
    exported = {f"{name}{ending}" for name, kind in kinds for ending in ENDINGS.get(kind, ())}
    of_commands = {BACKUP_TAKEN, RESTORE_PROVEN}
    expressions = [
        *((f"{file.name}: {rule}", rule["expr"]) for file in RULES for rule in rules(file)),
        *panels(),
    ]
    missing = {
        where: names
        for where, expression in expressions
        if (names := metrics_in(expression) - exported - of_commands)
    }
    assert missing == {}
