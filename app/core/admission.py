"""Refuses requests early when more of them wait than can be answered in time."""

import asyncio
import math
import time
from collections.abc import Callable
from enum import IntEnum
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from app.core.exceptions import Overloaded
from app.core.resources import Resource

log = structlog.get_logger(__name__)


class Importance(IntEnum):
    """Which requests are refused first under overload: those of the highest number."""

    CRITICAL = 0
    """Never refused: probes, metrics, and what ends or renews a session."""
    NORMAL = 1
    SHEDDABLE = 2
    """Refused first: lists, and what anybody may ask."""


TICK_SECONDS: Final = 0.01
WINDOW_SECONDS: Final = 0.1
FEWEST_TICKS: Final = 2
"""In each window, so that a single long pause is no queue."""

# As CoDel (RFC 8289): a queue is bad if it never gets shorter than this for a while. A burst makes
# one too, so at first it counts only if it stays, or if it is long.
TARGET_SECONDS: Final = 0.02
STANDING_SECONDS: Final = 2.0
LONG_SECONDS: Final = 0.3
LONG_TURN_SECONDS: Final = 0.08
"""The same for the event loop: a request waits for several of its turns, and each turn of an
overloaded loop is longer than the last."""

LOWERED: Final = ((LONG_SECONDS, 0.25), (0.1, 0.5), (TARGET_SECONDS, 0.8))
"""By how much the cap is lowered, by how many seconds the shortest wait of a queue exceeds."""
LEAST_CAP: Final = 8
SHARE_OF_SHEDDABLE: Final = 0.75
"""The part of the cap that sheddable requests may take up."""
CALM_SECONDS: Final = 5.0
"""After this time without a queue there is no cap any more."""

_BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SHED: Final = Counter(
    "requests_shed",
    "Requests that were refused because of overload, by what was overloaded.",
    ["reason", "class"],
)
LAG: Final = Histogram(
    "event_loop_lag_seconds",
    "How late the event loop ran a timer that is due each 10 ms.",
    buckets=_BUCKETS,
)
POOL_WAIT: Final = Histogram(
    "pool_wait_seconds",
    "How long callers waited if they did not get a database connection at once.",
    buckets=_BUCKETS,
)
IN_FLIGHT: Final = Gauge("requests_in_flight", "Requests that are being answered, without streams.")
ADMITTED: Final = "admitted"
"""The class of a request that was refused later, while it waited for something."""


class Queue:
    """The shortest wait in each window, and whether a queue stands."""

    def __init__(self, name: str, long: float) -> None:
        self.name, self._long = name, long
        self._shortest, self._stands_since = math.inf, math.inf

    def waited(self, seconds: float) -> None:
        self._shortest = min(self._shortest, seconds)

    def end_window(self, now: float, *, explained: float = 0.0) -> tuple[bool, float]:
        """Return whether the queue is to be shortened, if it is not yet; and its shortest wait.

        What is explained by another queue does not count.
        """
        shortest, self._shortest = self._shortest - explained, math.inf
        if not TARGET_SECONDS < shortest < math.inf:
            self._stands_since = math.inf
            return False, 0.0
        self._stands_since = min(self._stands_since, now)
        stays = now - self._stands_since >= STANDING_SECONDS
        return stays or shortest > self._long, shortest


class Admission(Resource):
    """Limits how many requests are answered at the same time, while a queue stands.

    There are two queues: that of the event loop, measured by how late a timer runs, and that for
    the connections to the database. While one stands, the cap falls in each window; otherwise it
    rises. So it stays where nearly nobody waits and nothing is idle.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.in_flight = 0
        self.least_cap = math.inf
        """From so many requests in flight on, some are refused."""
        self._cap = math.inf
        self._most_in_flight = 0
        self._loop_queue = Queue("event_loop", long=LONG_TURN_SECONDS)
        self._pool_queue = Queue("database", long=LONG_SECONDS)
        self._reason = ""
        self._calm_since = self._window_ends_at = self._due_at = 0.0
        self._ticks = self._refused = 0
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        IN_FLIGHT.set_function(lambda: self.in_flight)
        self._due_at = self._now() + TICK_SECONDS
        self._window_ends_at = self._now() + WINDOW_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def refuses(self, importance: Importance) -> bool:
        """Return whether to refuse a request; ask only from `least_cap` in flight on."""
        most = self._cap if importance is Importance.NORMAL else self.least_cap
        if importance is Importance.CRITICAL or self.in_flight < most:
            return False
        self._refused += 1
        SHED.labels(self._reason, importance.name.lower()).inc()
        return True

    def waited_for_connection(self, seconds: float) -> None:
        """Note how long somebody waited for a connection to the database; 0 counts too."""
        if seconds:
            POOL_WAIT.observe(seconds)
        self._pool_queue.waited(seconds)

    def _tick(self) -> None:
        now = self._now()
        lag = max(0.0, now - self._due_at)
        LAG.observe(lag)
        self._loop_queue.waited(lag)
        self._most_in_flight = max(self._most_in_flight, self.in_flight)
        self._ticks += 1
        if now >= self._window_ends_at and self._ticks >= FEWEST_TICKS:
            self.end_window(now)
            self._ticks, self._window_ends_at = 0, now + WINDOW_SECONDS
        self._due_at = self._now() + TICK_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def end_window(self, now: float) -> None:
        """Set the cap for the next window."""
        most, self._most_in_flight = max(self._most_in_flight, self.in_flight), 0
        is_limited = self._cap < math.inf
        lag = 0.0  # who waits for a connection waits for the event loop too
        for queue in (self._loop_queue, self._pool_queue):
            is_bad, shortest = queue.end_window(now, explained=lag)
            lag = shortest
            if is_bad or (is_limited and shortest):
                self._calm_since, self._reason = now, queue.name
                self._lower(most, shortest)
                return
        if is_limited:
            self._raise(most, now)

    def _lower(self, most: int, shortest: float) -> None:
        if self._cap == math.inf:
            log.warning("requests are refused", overloaded=self._reason, in_flight=most)
            self._refused = 0
        elif most > self._cap:
            return  # those from before are still being answered, so it has no effect yet
        by = next(by for longer_than, by in LOWERED if shortest > longer_than)
        self._set_cap(max(LEAST_CAP, min(self._cap, most) * by))

    def _raise(self, most: int, now: float) -> None:
        if now - self._calm_since >= CALM_SECONDS:
            self._set_cap(math.inf)
            log.info("requests are refused no more", refused=self._refused)
        elif most >= self.least_cap:
            self._set_cap(self._cap + max(1.0, self._cap * 0.05))

    def _set_cap(self, cap: float) -> None:
        self._cap, self.least_cap = cap, cap * SHARE_OF_SHEDDABLE


def overloaded(reason: str) -> Overloaded:
    """Return the error for a request that waited too long for something; count it."""
    SHED.labels(reason, ADMITTED).inc()
    return Overloaded()
