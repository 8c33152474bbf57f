"""The spans of requests, and what else names them."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import REGISTRY
from starlette.responses import Response

from app.core import tracing
from app.core.context import current_work, ids_in
from app.core.exceptions import NotFound, Unavailable
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.raw import Headers, send
from tests.support.traces import traced
from tests.unit.core.http.conftest import Serve

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SAMPLED = 1
SENT: Headers = [(b"traceparent", CALLER.encode())]
BEHIND_PROXY = IngressPolicy(trusted_proxies=[ip_network("127.0.0.0/8")])


class Endpoints:
    def __init__(self) -> None:
        self.seen: list[str | None] = []

    async def fine(self) -> Response:
        self.seen.append(current_work.get().traceparent)
        return Response(b"fine")

    async def absent(self) -> Response:
        raise NotFound

    async def away(self) -> Response:
        raise Unavailable


@pytest.fixture
def endpoints() -> Endpoints:
    return Endpoints()


def routes(endpoints: Endpoints) -> ApiRouter:
    router = ApiRouter()
    router.get("/things/{id}", endpoints.fine, access=PUBLIC)
    router.get("/absent", endpoints.absent, access=PUBLIC)
    router.get("/away", endpoints.away, access=PUBLIC)
    router.get("/health/live", endpoints.fine, access=PUBLIC)
    return router


@pytest.fixture
def app(serve: Serve, endpoints: Endpoints) -> Service:
    return serve(routes(endpoints))


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    with traced() as kept:
        yield kept


def only(kept: InMemorySpanExporter) -> Any:
    [span] = kept.get_finished_spans()
    return span


async def test_the_span_of_a_request_has_its_route_and_nothing_that_the_client_chose(
    app: Service, kept: InMemorySpanExporter
) -> None:
    await send(app, "GET", "/things/c4n4ry", headers=[(b"user-agent", b"c4n4ry")])
    span = only(kept)
    assert (span.name, span.kind, span.status.status_code) == (
        "GET /things/{id}",
        SpanKind.SERVER,
        StatusCode.UNSET,
    )
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/things/{id}",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "network.protocol.version": "1.1",
    }
    assert "c4n4ry" not in span.to_json()


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("GET /absent", ("GET /absent", "not_found", StatusCode.UNSET)),
        ("GET /away", ("GET /away", "unavailable", StatusCode.ERROR)),
        ("GET /c4n4ry", ("GET", "not_found", StatusCode.UNSET)),
        ("C4N4RY /away", ("HTTP /away", "method_not_allowed", StatusCode.UNSET)),
    ],
)
async def test_the_span_of_a_refused_request_has_the_code_of_its_problem(
    app: Service, kept: InMemorySpanExporter, asked: str, named: tuple[str, str, StatusCode]
) -> None:
    await send(app, *asked.split())
    span = only(kept)
    assert (span.name, span.attributes["error.type"], span.status.status_code) == named
    assert "c4n4ry" not in span.to_json().lower()


async def test_health_checks_and_scrapes_are_not_traced(
    app: Service, kept: InMemorySpanExporter
) -> None:
    assert (await send(app, "GET", "/health/live")).status == 200
    await send(app, "GET", "/metrics")
    assert kept.get_finished_spans() == ()


async def test_the_trace_of_a_trusted_proxy_goes_on(
    serve: Serve, endpoints: Endpoints, kept: InMemorySpanExporter
) -> None:
    app = serve(routes(endpoints), ingress=BEHIND_PROXY)
    await send(app, "GET", "/things/7", headers=SENT)
    span = only(kept)
    assert f"{span.context.trace_id:032x}" == CALLER[3:35]
    assert f"{span.parent.span_id:016x}" == CALLER[36:52]


async def test_a_stranger_cannot_have_its_requests_recorded(
    app: Service, endpoints: Endpoints
) -> None:
    with traced(is_sampled=False) as kept:
        await send(app, "GET", "/things/7", headers=SENT)
    assert kept.get_finished_spans() == ()
    [seen] = endpoints.seen
    assert seen is not None
    assert (seen[3:35] != CALLER[3:35], int(seen[-2:], 16) & SAMPLED) == (True, 0)


@pytest.mark.parametrize("is_sampled", [True, False])
async def test_log_lines_name_the_trace_whether_it_is_recorded_or_not(
    app: Service, endpoints: Endpoints, log_lines: list[Any], *, is_sampled: bool
) -> None:
    with traced(is_sampled=is_sampled):
        await send(app, "GET", "/things/7")
    [seen], [line] = endpoints.seen, log_lines
    assert seen is not None
    assert ids_in(seen) == {name: line[name] for name in ("trace_id", "span_id")}
    assert int(line["trace_id"], 16) > 0


async def test_the_durations_of_requests_have_a_recorded_trace_as_an_example(
    app: Service, endpoints: Endpoints, kept: InMemorySpanExporter
) -> None:
    await send(app, "GET", "/things/7")
    examples = [
        sample.exemplar.labels
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.exemplar and sample.labels.get("route") == "/things/{id}"
    ]
    [seen] = endpoints.seen
    assert seen is not None
    assert ids_in(seen) in examples
    assert len(kept.get_finished_spans()) == 1


async def test_without_traces_the_context_of_the_caller_is_passed_on(
    app: Service, endpoints: Endpoints
) -> None:
    await send(app, "GET", "/things/7", headers=SENT)
    assert endpoints.seen == [CALLER]


async def test_fastapi_makes_no_spans_of_its_own_though_somebody_set_a_provider(
    app: Service, kept: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    await send(app, "GET", "/things/7")
    assert [span.name for span in kept.get_finished_spans()] == ["GET /things/{id}"]


def test_an_event_outside_of_any_request_begins_a_trace(kept: InMemorySpanExporter) -> None:
    context = tracing.creation("note.written", UUID(int=7))
    span = only(kept)
    assert (span.name, span.kind, span.parent) == ("create note.written", SpanKind.PRODUCER, None)
    assert context is not None
    assert context[:52] == f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}"
    assert int(context[-2:], 16) & SAMPLED
