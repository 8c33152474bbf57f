"""Metrics of deliveries: the backlog from the database, and the counters of this process."""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import REGISTRY, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.core.context import current_work
from app.core.events import EventRegistry
from app.core.exceptions import Unavailable
from app.core.tracing import exemplar
from app.shared.application.dto.events import LagView

SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0)
# After these outcomes a delivery no longer changes by itself.
FINAL: Final = frozenset({"done", "discarded", "dead"})

UNKNOWN_QUEUE: Final = "none"
"""The queue of a handler that this code does not have."""

DELIVERIES: Final = Counter(
    "event_deliveries", "Runs of deliveries, by outcome.", ["handler", "queue", "outcome"]
)
ATTEMPTS: Final = Histogram(
    "event_delivery_attempts",
    "How many attempts a delivery took until it was done or dead.",
    ["handler", "queue"],
    buckets=(1, 2, 3, 5, 10),
)
HANDLER_SECONDS: Final = Histogram(
    "event_handler_seconds", "How long handlers ran.", ["handler", "queue"], buckets=SECONDS
)
CLAIM_SECONDS: Final = Histogram(
    "event_claim_seconds", "How long it took to ask for due deliveries.", buckets=SECONDS
)

HOUSEKEEPING_FAILURES: Final = Counter(
    "event_housekeeping_failures", "Duties of the housekeeping that failed.", ["duty"]
)


def count_run(registry: EventRegistry, handler: str, outcome: str, attempts: int) -> None:
    """Count a run of a delivery that has just ended."""
    queue = registry.queue_of(handler) or UNKNOWN_QUEUE
    DELIVERIES.labels(handler, queue, outcome).inc()
    if outcome in FINAL:
        ATTEMPTS.labels(handler, queue).observe(attempts)


@contextmanager
def timed(handler: str, queue: str) -> Iterator[None]:
    """Count how long a handler runs, with its trace as an example."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        HANDLER_SECONDS.labels(handler, queue).observe(seconds, exemplar(current_work.get()))


class Scrape:
    """Collects all metrics, for one answer."""

    def __init__(self, lag: Callable[[], Awaitable[Iterable[LagView]]]) -> None:
        self._lag = lag
        self._last_known: Iterable[LagView] = ()

    async def __call__(self) -> Collector:
        is_known = True
        try:
            self._last_known = await self._lag()
        except Unavailable:  # the counters of this process are needed even more then
            is_known = False
        # Each scrape has a new collector, so that no value of a removed item remains.
        return _AllMetrics(self._last_known, is_known=is_known)


class _AllMetrics(Collector):
    """The counters of this process, and the backlog.

    A metric says whether the backlog is known. If it is not, the last known one is shown: without
    figures every alert on them would end.
    """

    def __init__(self, backlog: Iterable[LagView], *, is_known: bool) -> None:
        self._backlog, self._is_known = backlog, is_known

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from backlog_metrics(self._backlog, is_known=self._is_known)


def backlog_metrics(backlog: Iterable[LagView], *, is_known: bool) -> Iterator[GaugeMetricFamily]:
    """Return what is not counted by this process, but read from the database."""
    yield GaugeMetricFamily(
        "event_backlog_known",
        "1 if the backlog could be read from the database in time; otherwise 0.",
        value=int(is_known),
    )
    waiting = GaugeMetricFamily(
        "event_backlog", "Deliveries that are not done.", labels=["handler", "queue", "state"]
    )
    streams = GaugeMetricFamily(
        "event_blocked_streams", "Streams in which deliveries wait.", labels=["handler", "queue"]
    )
    age = GaugeMetricFamily(
        "event_oldest_ready_seconds",
        "For how long the oldest ready delivery has waited for a claim; 0 if there is none.",
        labels=["handler", "queue"],
    )
    for of in backlog:
        whose = [of.handler, of.queue or UNKNOWN_QUEUE]
        for state in ("ready", "claimed", "blocked", "held", "dead", "no_handler"):
            waiting.add_metric([*whose, state], getattr(of, state))
        streams.add_metric(whose, of.blocked_streams)
        age.add_metric(whose, of.oldest_due or 0.0)
    yield from (waiting, streams, age)
