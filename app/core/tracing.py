"""Traces: the spans of requests, statements, events and attempts.

Nothing is traced until `start` is called, in each process. What a span holds is in
`docs/operations/tracing.md`: names and ids, never a value that a client sent.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from opentelemetry import context as contexts
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from app.core.context import WorkContext, current_work, ids_in
from app.core.http.metrics import METHODS
from app.core.http.root_path import route_path

UNTRACED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
_EMPTY: Final = contexts.Context()
_W3C: Final = TraceContextTextMapPropagator()
_NO_SPAN: Final = nullcontext()


class Tracers(NamedTuple):
    """Makers of spans, by who decides whether a span is recorded."""

    by_rule: Tracer
    """OTEL_TRACES_SAMPLER decides."""
    always: Tracer
    never: Tracer


class Summarized(Protocol):
    @property
    def summary(self) -> str:
        """What a statement does, such as `SELECT event_log`."""
        ...


class RequestSpan(NamedTuple):
    span: Span
    token: Any


_tracers: Tracers | None = None


def start(tracers: Tracers) -> None:
    """Trace what this process does from now on."""
    global _tracers  # noqa: PLW0603 - one for the process, as its metrics
    _tracers = tracers


def stop() -> None:
    """Trace nothing any more."""
    global _tracers  # noqa: PLW0603 - as above
    _tracers = None


def is_on() -> bool:
    return _tracers is not None


# --- Requests -----------------------------------------------------------------------------------


def begin_request(scope: Scope, work: WorkContext) -> RequestSpan | None:
    """Begin the span of a request; return None for what is not traced.

    `work` has the caller's context, if that is believed, and gets the span's.
    """
    if _tracers is None or route_path(scope) in UNTRACED:
        return None
    parent = _EMPTY if work.traceparent is None else _context_of(work.traceparent)
    span = _tracers.by_rule.start_span(scope["method"], parent, SpanKind.SERVER)
    return RequestSpan(span, _work_under(span, work))


def end_request(request: RequestSpan | None, scope: Scope, work: WorkContext, status: int) -> None:
    """End it, and say in it how the request was answered; a status of 0 says that it was not."""
    if request is None:
        return
    span, token = request
    contexts.detach(token)
    if work.span is None:
        return
    work.span = None
    route, method = scope.get("route"), scope["method"]
    is_known = method in METHODS
    name = method if is_known else "HTTP"
    attributes: dict[str, str | int] = {
        "http.request.method": method if is_known else "_OTHER",
        "url.scheme": scope.get("scheme", "http"),
        "network.protocol.version": scope.get("http_version", ""),
    }
    if route is not None:
        attributes["http.route"] = route.path
        name = f"{name} {route.path}"
    if status:
        attributes["http.response.status_code"] = status
    if work.code is not None:
        attributes["error.type"] = work.code
    if status >= 500:  # noqa: PLR2004 - a server's span does not fail by its client's errors
        span.set_status(StatusCode.ERROR)
    span.update_name(name)
    span.set_attributes(attributes)
    span.end()


def is_recording() -> bool:
    """Return whether there is a current span, and it is recorded."""
    return _tracers is not None and current_work.get().span is not None


# --- Statements ---------------------------------------------------------------------------------


def statement(system: str, what: Summarized | str) -> AbstractContextManager[object]:
    """Return what to run a statement in: its span, or nothing if nobody records."""
    if _tracers is None or current_work.get().span is None:
        return _NO_SPAN
    summary = what if isinstance(what, str) else what.summary
    attributes = {"db.system.name": system, "db.query.summary": summary}
    return _failing(_tracers.always.start_span(summary, None, SpanKind.CLIENT, attributes))


def waiting(*, is_needed: bool = True) -> AbstractContextManager[object]:
    """Return what to wait for a connection in; the current span notes how long that takes."""
    span = current_work.get().span if is_needed else None
    return _NO_SPAN if span is None else _noted_wait(span)


@contextmanager
def _noted_wait(span: Span) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        span.add_event("waited for a connection", {"db.client.connection.wait_time": seconds})


@contextmanager
def _failing(span: Span) -> Iterator[None]:
    """End the span with the block; an error's type is noted, and never its text."""
    try:
        yield
    except Exception as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(StatusCode.ERROR)
        raise
    finally:
        span.end()


# --- Events -------------------------------------------------------------------------------------


def creation(event_type: str, event_id: UUID) -> str | None:
    """Make the span of a new event, and return its context for the event's row."""
    work = current_work.get()
    if _tracers is None or (work.span is None and work.traceparent is not None):
        return work.traceparent
    tracer = _tracers.by_rule if work.span is None else _tracers.always
    span = tracer.start_span(
        f"create {event_type}",
        _EMPTY if work.span is None else None,
        SpanKind.PRODUCER,
        _message(event_type, event_id, "create"),
    )
    span.end()
    return _traceparent_of(span)


@contextmanager
def attempt(
    work: WorkContext, event_type: str, event_id: UUID, *, handler: str, number: int
) -> Iterator[None]:
    """Trace an attempt of a handler: a new trace that is linked to the event's creation.

    Whether the creation was recorded decides for all attempts; an older event leaves it to the
    sampler.
    """
    if _tracers is None:
        yield
        return
    tracer, links = _tracers.by_rule, []
    if work.traceparent is not None:
        created = get_current_span(_context_of(work.traceparent)).get_span_context()
        tracer = _tracers.always if created.trace_flags.sampled else _tracers.never
        links = [Link(created)]
    attributes = _message(event_type, event_id, "process")
    attributes |= {"messaging.consumer.group.name": handler, "messaging.delivery.attempt": number}
    span = tracer.start_span(f"process {handler}", _EMPTY, SpanKind.CONSUMER, attributes, links)
    token = _work_under(span, work)
    try:
        with _failing(span):
            yield
    finally:
        work.span = None
        contexts.detach(token)


def _message(event_type: str, event_id: UUID, operation: str) -> dict[str, Any]:
    return {
        "messaging.system": "outbox",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": event_type,
        "messaging.message.id": str(event_id),
    }


# --- Contexts -----------------------------------------------------------------------------------


def exemplar(work: WorkContext) -> dict[str, str] | None:
    """Return the ids of the span for a histogram, if it is recorded."""
    if work.span is None or work.traceparent is None:
        return None
    return ids_in(work.traceparent)


def _work_under(span: Span, work: WorkContext) -> Any:
    """Make the span the current one, also for spans that the project makes itself."""
    work.traceparent = _traceparent_of(span)
    work.span = span if span.is_recording() else None
    return contexts.attach(set_span_in_context(span, _EMPTY))


def _context_of(traceparent: str) -> contexts.Context:
    return _W3C.extract({"traceparent": traceparent}, _EMPTY)


def _traceparent_of(span: Span) -> str:
    of = span.get_span_context()
    return f"00-{of.trace_id:032x}-{of.span_id:016x}-{of.trace_flags:02x}"
