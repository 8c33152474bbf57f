"""Metrics of deliveries: the backlog from the database, and the counters of this process."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

from prometheus_client import REGISTRY, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.core.exceptions import Unavailable
from app.shared.application.dto.events import LagView

SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0)
# After these outcomes a delivery no longer changes by itself.
FINAL: Final = frozenset({"done", "discarded", "dead"})

DELIVERIES: Final = Counter(
    "event_deliveries", "Runs of deliveries, by how they ended.", ["handler", "outcome"]
)
ATTEMPTS: Final = Histogram(
    "event_delivery_attempts",
    "How many attempts a delivery took until it was done or dead.",
    ["handler"],
    buckets=(1, 2, 3, 5, 10),
)
HANDLER_SECONDS: Final = Histogram(
    "event_handler_seconds", "How long handlers ran.", ["handler"], buckets=SECONDS
)
CLAIM_SECONDS: Final = Histogram(
    "event_claim_seconds", "How long it took to ask for due deliveries.", buckets=SECONDS
)

HOUSEKEEPING_FAILURES: Final = Counter(
    "event_housekeeping_failures", "Duties of the housekeeping that failed.", ["duty"]
)


def count_run(handler: str, outcome: str, attempts: int) -> None:
    """Count a run of a delivery that has just ended."""
    DELIVERIES.labels(handler, outcome).inc()
    if outcome in FINAL:
        ATTEMPTS.labels(handler).observe(attempts)


class Scrape:
    """Collects all metrics, for one answer."""

    def __init__(self, lag: Callable[[], Awaitable[Iterable[LagView]]]) -> None:
        self._lag = lag

    async def __call__(self) -> Collector:
        backlog: Iterable[LagView] | None
        try:
            backlog = await self._lag()
        except Unavailable:  # the counters of this process are needed even more then
            backlog = None
        # Each scrape has a new collector, so that no value of a removed item remains.
        return _AllMetrics(backlog)


class _AllMetrics(Collector):
    """The counters of this process, and the backlog.

    A metric says whether the backlog is known, because an alarm on missing figures never fires.
    """

    def __init__(self, backlog: Iterable[LagView] | None) -> None:
        self._backlog = backlog

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield GaugeMetricFamily(
            "event_backlog_known",
            "1 if the database told the backlog; 0 if it did not answer in time.",
            value=int(self._backlog is not None),
        )
        if self._backlog is not None:
            yield from self._figures(self._backlog)

    @staticmethod
    def _figures(backlog: Iterable[LagView]) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily(
            "event_backlog", "Deliveries that are not done.", labels=["handler", "state"]
        )
        streams = GaugeMetricFamily(
            "event_blocked_streams", "Streams in which something waits.", labels=["handler"]
        )
        age = GaugeMetricFamily(
            "event_oldest_ready_seconds",
            "For how long the oldest ready delivery could have been taken; 0 if there is none.",
            labels=["handler"],
        )
        for of in backlog:
            for state in ("ready", "claimed", "blocked", "held", "dead", "no_handler"):
                waiting.add_metric([of.handler, state], getattr(of, state))
            streams.add_metric([of.handler], of.blocked_streams)
            age.add_metric([of.handler], of.oldest_due or 0.0)
        yield from (waiting, streams, age)
