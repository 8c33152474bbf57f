"""Traces that are kept in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, DEFAULT_OFF, DEFAULT_ON

from app.core import tracing


@contextmanager
def traced(*, is_sampled: bool = True) -> Iterator[InMemorySpanExporter]:
    """Trace while the block runs: every story that no caller decided about, or none."""
    kept = InMemorySpanExporter()
    made = []
    for sampler in (DEFAULT_ON if is_sampled else DEFAULT_OFF, ALWAYS_ON, ALWAYS_OFF):
        provider = TracerProvider(sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(kept))
        made.append(provider.get_tracer("test"))
    tracing.start(tracing.Tracers(*made))
    try:
        yield kept
    finally:
        tracing.stop()
