"""A collector for traces: OTLP over http, as spans arrive."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE_SECONDS = 60  # a process with Celery needs a while to start, more on a busy machine

Mood = Literal["well", "refuses", "slow", "hangs"]
SECONDS = {"slow": 0.5, "hangs": 60.0}


class Collector:
    """What arrived, as bytes and as spans."""

    def __init__(self, mood: Mood) -> None:
        self.mood = mood
        self.received: list[bytes] = []
        self.address = ""

    @property
    def spans(self) -> list[Span]:
        requests = (ExportTraceServiceRequest.FromString(each) for each in list(self.received))
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def of(self, kind: Span.SpanKind.ValueType) -> list[Span]:
        return [span for span in self.spans if span.kind == kind]


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in span.attributes}


def _value(value: AnyValue) -> Any:
    return getattr(value, value.WhichOneof("value") or "string_value")


@contextmanager
def collector(mood: Mood = "well") -> Iterator[Collector]:
    """Receive spans while the block runs."""
    kept, is_over = Collector(mood), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_over.wait(SECONDS.get(kept.mood, 0))
            if kept.mood != "refuses":
                kept.received.append(body)
            self.send_response(503 if kept.mood == "refuses" else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wait_for(kept: Collector, is_wanted: Callable[[Span], bool], count: int) -> list[Span]:
    """Return the wanted spans when there are so many; fails after a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := [span for span in kept.spans if is_wanted(span)]) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} spans in time"
        time.sleep(0.05)  # another process sends them: there is nothing to wait on
    return found
