"""Sends spans to a collector with OpenTelemetry's SDK. Without a collector nothing imports it."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import Final

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from app.core.tracing import Tracers
from app.shared.infrastructure.tracing.lifecycle import LOST, TracingOptions

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS: Final = 2.0
QUEUE: Final = 2048
SAMPLERS: Final[Mapping[str, Callable[[float], sampling.Sampler]]] = {
    "always_on": lambda _: sampling.ALWAYS_ON,
    "always_off": lambda _: sampling.ALWAYS_OFF,
    "traceidratio": sampling.TraceIdRatioBased,
    "parentbased_always_on": lambda _: sampling.DEFAULT_ON,
    "parentbased_always_off": lambda _: sampling.DEFAULT_OFF,
    "parentbased_traceidratio": sampling.ParentBasedTraceIdRatio,
}


class Export:
    """The way of spans to the collector: a bounded queue, and a thread that sends."""

    def __init__(self, options: TracingOptions) -> None:
        # It would log each failure, with its traceback; ours logs the first one.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        sender = _Sender(
            OTLPSpanExporter(
                endpoint=f"{options.endpoint.rstrip('/')}/v1/traces", timeout=options.timeout
            )
        )
        self._queue = _Queue(sender)
        ours = {
            "service.name": options.service,
            "service.version": options.version,
            "deployment.environment.name": options.environment,
        }
        self._resource = Resource(ours).merge(OTELResourceDetector().detect())
        rule = SAMPLERS[options.sampler](options.ratio)
        samplers = (rule, sampling.ALWAYS_ON, sampling.ALWAYS_OFF)
        self.tracers = Tracers(*(self._provider(each).get_tracer("app") for each in samplers))

    async def close(self) -> None:
        """Send what is waiting, within two seconds; what is left then is lost."""
        # Not in asyncio's threads, for whose end Python waits.
        closing = Thread(target=self._queue.shutdown, daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, SHUTDOWN_SECONDS)
        self._queue.give_up()

    def _provider(self, sampler: sampling.Sampler) -> TracerProvider:
        provider = TracerProvider(sampler, self._resource, shutdown_on_exit=False)
        provider.add_span_processor(self._queue)
        return provider


class _Sender(SpanExporter):
    """Counts spans that the collector did not take, and logs its first failure."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._is_failing = False
        self.is_over = False
        self.done = 0
        """How many spans were accepted, or lost on the way."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE if self.is_over else self._exporter.export(spans)
        if self.is_over:  # they are counted already
            return result
        self.done += len(spans)
        is_failing = result is not SpanExportResult.SUCCESS
        if is_failing:
            LOST.labels("not_accepted").inc(len(spans))
        if is_failing and not self._is_failing:
            log.warning("the collector does not accept spans")
        elif self._is_failing and not is_failing:
            log.info("the collector accepts spans again")
        self._is_failing = is_failing
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Queue(SpanProcessor):
    """Queues spans for the thread that sends them; when it is full, new ones are lost."""

    def __init__(self, sender: _Sender) -> None:
        self._sender, self._queued = sender, 0
        self._batches = BatchSpanProcessor(sender, max_queue_size=QUEUE)

    def on_end(self, span: ReadableSpan) -> None:
        if self._queued - self._sender.done >= QUEUE:
            LOST.labels("queue_full").inc()
            return
        self._queued += 1
        self._batches.on_end(span)

    def shutdown(self) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def give_up(self) -> None:
        """Count what is still waiting; the thread sends no more of it."""
        self._sender.is_over = True
        LOST.labels("stopped").inc(self._queued - self._sender.done)
