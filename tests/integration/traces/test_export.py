"""Spans on their way to a collector, whatever that does."""

import socket
import time
from collections.abc import Iterator
from typing import Final

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from app.shared.infrastructure.tracing.export import QUEUE, SHUTDOWN_SECONDS, Export
from app.shared.infrastructure.tracing.lifecycle import TracingOptions
from tests.support.otlp import Mood, attributes, collector

TIMEOUT_SECONDS: Final = 2.0


def options(endpoint: str, *, sampler: str = "always_on", ratio: float = 1) -> TracingOptions:
    return TracingOptions(
        endpoint=endpoint,
        sampler=sampler,
        ratio=ratio,
        timeout=TIMEOUT_SECONDS,
        service="Shop",
        version="1.2.3",
        environment="test",
    )


def lost() -> float:
    reasons = ("not_accepted", "queue_full", "stopped")
    values = [REGISTRY.get_sample_value("trace_spans_lost_total", {"reason": r}) for r in reasons]
    return sum(filter(None, values))


def make(export: Export, count: int) -> float:
    """Make spans, and return how long the slowest one took."""
    slowest = 0.0
    for number in range(count):
        began = time.perf_counter()
        export.tracers.by_rule.start_span("a span", attributes={"number": number}).end()
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


async def closed_within(export: Export) -> float:
    began = time.monotonic()
    await export.close()
    return time.monotonic() - began


async def test_what_waits_at_the_end_is_sent_with_the_name_of_the_service() -> None:
    with collector() as kept:
        export = Export(options(kept.address))
        make(export, 700)  # more than one batch
        assert await closed_within(export) < SHUTDOWN_SECONDS
        assert sorted(attributes(span)["number"] for span in kept.spans) == list(range(700))
        assert all(b"Shop" in each and b"1.2.3" in each for each in kept.received)


@pytest.mark.thorough
@pytest.mark.parametrize("mood", ["refuses", "slow", "hangs"])
async def test_a_collector_that_fails_costs_spans_and_no_time(mood: Mood) -> None:
    before = lost()
    with collector(mood) as kept:
        export = Export(options(kept.address))
        # Seconds of a busy machine; to wait for one batch alone would take as long.
        assert make(export, 3 * QUEUE) < TIMEOUT_SECONDS
        assert await closed_within(export) < SHUTDOWN_SECONDS + 0.5
        arrived = len(kept.spans)
    unknown = 512  # the batch that is under way at the end
    assert 3 * QUEUE - arrived <= lost() - before <= 3 * QUEUE - arrived + unknown
    assert lost() - before > QUEUE


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nothing listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


async def test_a_collector_that_is_dead_costs_spans_and_is_logged_once(nobody: str) -> None:
    before = lost()
    export = Export(options(nobody))
    with capture_logs() as lines:
        make(export, 1_000)
        assert await closed_within(export) < SHUTDOWN_SECONDS + 0.5
    assert lost() - before == 1_000
    assert [line["event"] for line in lines] == ["the collector does not accept spans"]


@pytest.mark.parametrize(
    ("sampler", "ratio", "is_recorded"),
    [
        ("always_on", 0.0, True),
        ("always_off", 1.0, False),
        ("traceidratio", 1.0, True),
        ("parentbased_always_on", 0.0, True),
        ("parentbased_always_off", 1.0, False),
        ("parentbased_traceidratio", 0.0, False),
    ],
)
async def test_the_sampler_of_the_settings_decides(
    sampler: str, ratio: float, *, is_recorded: bool
) -> None:
    with collector() as kept:
        export = Export(options(kept.address, sampler=sampler, ratio=ratio))
        make(export, 1)
        await export.close()
        assert bool(kept.spans) == is_recorded
