"""Spans of events and of the attempts of their handlers."""

from typing import Any

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind
from prometheus_client import REGISTRY

from tests.integration.events.operations.world import RECORD, World
from tests.support.requests import request_at_hand
from tests.support.traces import traced

RECORDED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def attempts(kept: InMemorySpanExporter) -> list[Any]:
    return [
        span
        for span in kept.get_finished_spans()
        if span.kind is SpanKind.CONSUMER and span.name == f"process {RECORD}"
    ]


def ids(context: SpanContext) -> tuple[int, int]:
    return context.trace_id, context.span_id


async def test_each_attempt_is_linked_to_its_own_event_also_in_a_group(world: World) -> None:
    with traced() as kept:
        for number in range(4):  # each of a stream of its own, so that they are one group
            await world.happen(number)
        await world.drain()
    spans = kept.get_finished_spans()
    created = {ids(span.context) for span in spans if span.kind is SpanKind.PRODUCER}
    assert {ids(span.links[0].context) for span in attempts(kept)} == created
    assert len(created) == len({span.context.trace_id for span in attempts(kept)}) == 4


async def test_statements_of_the_engine_itself_are_in_no_trace(world: World) -> None:
    with traced() as kept:
        await world.drain()
    assert kept.get_finished_spans() == ()


async def test_an_event_that_was_not_recorded_has_no_recorded_attempt(world: World) -> None:
    with traced(is_sampled=False) as kept:
        await world.happen(1)
        await world.drain()
    assert kept.get_finished_spans() == ()


async def test_an_event_that_was_recorded_elsewhere_has_recorded_attempts(world: World) -> None:
    with request_at_hand(traceparent=RECORDED):
        await world.happen(1)
    with traced(is_sampled=False) as kept:
        await world.drain()
    [attempt] = attempts(kept)
    assert f"{attempt.links[0].context.trace_id:032x}" == RECORDED[3:35]


async def test_the_time_of_a_handler_has_a_recorded_trace_as_an_example(world: World) -> None:
    with traced() as kept:
        await world.happen(1)
        await world.drain()
    [attempt] = attempts(kept)
    examples = [
        sample.exemplar.labels["span_id"]
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.exemplar and sample.name == "event_handler_seconds_bucket"
    ]
    assert f"{attempt.context.span_id:016x}" in examples
