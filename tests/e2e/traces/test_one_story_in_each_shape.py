"""A request, its event and the attempts of its handlers are one story, in whichever processes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.e2e.traces.noted import PROCESS
from tests.support.brokers import BrokerOf
from tests.support.otlp import Collector, attributes, collector, wait_for
from tests.support.running import RunningService, running_service

pytestmark = pytest.mark.thorough

SERVER, CLIENT, PRODUCER, CONSUMER = (
    Span.SPAN_KIND_SERVER,
    Span.SPAN_KIND_CLIENT,
    Span.SPAN_KIND_PRODUCER,
    Span.SPAN_KIND_CONSUMER,
)


@pytest.fixture
def kept() -> Iterator[Collector]:
    with collector() as kept:
        yield kept


@pytest.fixture(params=["embedded", "worker", "celery"])
async def running(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    another_database: Callable[[str, str], str],
    broker_of: BrokerOf,
    kept: Collector,
) -> AsyncIterator[RunningService]:
    async with AsyncExitStack() as stack:
        settings = {
            "DATABASE_URL": another_database("postgresql", f"traces_{request.param}"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": kept.address,
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        if request.param == "celery":
            broker = await stack.enter_async_context(broker_of("redis"))
            settings["CELERY_BROKER_URL"] = broker.url.get_secret_value()
        yield await stack.enter_async_context(
            running_service(request.param, tmp_path, module=PROCESS, **settings)
        )


def is_attempt(span: Span) -> bool:
    event = attributes(span).get("messaging.destination.name")
    return span.kind == CONSUMER and event == "note.written"


async def test_a_request_its_event_and_each_attempt_are_linked(
    running: RunningService, kept: Collector
) -> None:
    ana = await running.sign_in()
    assert (await ana.post("/notes", {"title": "c4n4ry"})).status_code == 201
    attempts = await asyncio.to_thread(wait_for, kept, is_attempt, 3)
    [request] = [span for span in kept.of(SERVER) if span.name == "POST /api/v1/notes"]
    inside = [span for span in kept.spans if span.parent_span_id == request.span_id]
    [created] = [span for span in inside if span.kind == PRODUCER]
    statements = [span for span in inside if span.kind == CLIENT]
    assert created.name == "create note.written"
    assert {"INSERT note", "INSERT event_log", "COMMIT"} <= {span.name for span in statements}
    assert {span.kind for span in inside} == {PRODUCER, CLIENT}

    tried = sorted(
        (
            attributes(span)["messaging.consumer.group.name"],
            attributes(span)["messaging.delivery.attempt"],
            attributes(span).get("error.type"),
            span.status.code,
        )
        for span in attempts
    )
    assert tried == [
        ("reader.fail_once", 1, "ConnectionError", Status.STATUS_CODE_ERROR),
        ("reader.fail_once", 2, None, Status.STATUS_CODE_UNSET),
        ("reader.look", 1, None, Status.STATUS_CODE_UNSET),
    ]
    for attempt in attempts:
        [link] = attempt.links
        assert (link.trace_id, link.span_id) == (created.trace_id, created.span_id)
        assert (attempt.parent_span_id, attempt.trace_id != created.trace_id) == (b"", True)
    await ana.get("/users/me")
    [look] = [span for span in attempts if span.name == "process reader.look"]
    in_handler = [span for span in kept.spans if span.parent_span_id == look.span_id]
    assert "SELECT note" in {span.name for span in in_handler}
    assert not any(b"c4n4ry" in each for each in kept.received)
    for process in running.processes:
        assert await asyncio.to_thread(process.stop) == 0
    assert "GET /api/v1/users/me" in {span.name for span in kept.of(SERVER)}  # sent at the end
