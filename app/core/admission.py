"""Refuses requests early when more of them wait than can be answered in time."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple

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

MOST_BEGUN_IN_A_TURN: Final = 8
"""So many requests begin in one turn of the event loop. If all that arrive began at once, turns
would be long, and who is refused or probes the service would wait for all of them."""
MOST_WAITING_FOR_CONNECTIONS: Final = 8
"""While so many requests wait for a connection to the database, no other one begins. So the queue
stands where requests can still be refused, and have cost nothing yet."""

# As CoDel (RFC 8289): a queue is bad if it never gets shorter than this for a while. A burst makes
# one too, so at first it counts only if it stays, or if it is long.
TARGET_SECONDS: Final = 0.02
STANDING_SECONDS: Final = 2.0
LONG_SECONDS: Final = 0.3

LOWERED: Final = ((LONG_SECONDS, 0.25), (0.1, 0.5), (TARGET_SECONDS, 0.8))
"""By how much the cap is lowered, by how many seconds the shortest wait in a window exceeds."""
LEAST_CAP: Final = 8
SHARE_OF_SHEDDABLE: Final = 0.75
"""The part of the cap that sheddable requests may take up."""
CALM_SECONDS: Final = 5.0
"""After this time without a queue there is no cap any more."""
BUSY: Final = 0.5
"""From this part of its time on the event loop is what requests wait for, not the database."""

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
    "How long requests waited if they did not get a database connection at once.",
    buckets=_BUCKETS,
)
IN_FLIGHT: Final = Gauge("requests_in_flight", "Requests that are being answered, without streams.")
HUNG_UP: Final = "hung_up"
"""The reason for a request whose client closed the connection before it began."""
ADMITTED: Final = "admitted"
"""The class of a request that was refused later, while it waited for something."""


class Queue:
    """The shortest wait in each window, and whether the queue stands."""

    def __init__(self) -> None:
        self._shortest, self._stands_since = math.inf, math.inf

    def waited(self, seconds: float) -> None:
        self._shortest = min(self._shortest, seconds)

    def end_window(self, now: float) -> tuple[bool, float]:
        """Return whether the queue is to be shortened, if it is not yet; and its shortest wait."""
        shortest, self._shortest = self._shortest, math.inf
        if not TARGET_SECONDS < shortest < math.inf:
            self._stands_since = math.inf
            return False, 0.0
        self._stands_since = min(self._stands_since, now)
        stays = now - self._stands_since >= STANDING_SECONDS
        return stays or shortest > LONG_SECONDS, shortest


class Waiting(NamedTuple):
    """A request that waits for a turn of the event loop in which it may begin."""

    since: float
    importance: Importance
    is_gone: Callable[[], bool]
    may_begin: asyncio.Future[bool]


class Admission(Resource):
    """Lets requests begin in turns, and limits how many are in flight while a queue stands.

    Only some requests begin in each turn of the event loop, and none while several wait for a
    connection to the database. The others stand in one queue, the oldest first. While the oldest
    ones wait for long, the cap on requests in flight falls in each window; otherwise it rises. So
    it stays where nearly nobody waits and nothing is idle.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.in_flight = 0
        self.least_cap = math.inf
        """From so many requests in flight on, some are refused."""
        self._cap = math.inf
        self._most_in_flight = 0
        self._begun_in_turn = self._waiting_for_connections = 0
        self._is_turn_due = False
        self._waiting = deque[Waiting]()
        self.queue = Queue()
        self._reason = ""
        self._calm_since = self._due_at = 0.0
        self._window_began_at = self._computed = 0.0
        self._ticks = self._refused = 0
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        IN_FLIGHT.set_function(lambda: self.in_flight)
        self._due_at = self._now() + TICK_SECONDS
        self._window_began_at = self._now()
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self.tick)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def refuses(self, importance: Importance) -> bool:
        """Return whether to refuse a request; ask only from `least_cap` in flight on."""
        if importance is Importance.CRITICAL or self.in_flight < self._most(importance):
            return False
        self._count(importance)
        return True

    def begins_now(self) -> bool:
        """Return whether a request begins in this turn of the event loop, and count it."""
        if self._waiting or not self._has_room:
            return False
        self._begin()
        return True

    def turn(
        self, importance: Importance, is_gone: Callable[[], bool] = bool
    ) -> asyncio.Future[bool]:
        """Return what a request awaits that does not begin now: whether it may, or is refused.

        `is_gone` says whether its client has hung up meanwhile; then it is refused, too.
        """
        may_begin: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(self._now(), importance, is_gone, may_begin))
        return may_begin

    def waits_for_connection(self) -> None:
        """Note that a request waits for a connection to the database."""
        self._waiting_for_connections += 1

    def waited_for_connection(self, seconds: float) -> None:
        """Note that it does not wait any more, and how long it did."""
        POOL_WAIT.observe(seconds)
        self._waiting_for_connections -= 1
        if self._waiting:
            self._expect_turn()

    @property
    def _has_room(self) -> bool:
        return (
            self._begun_in_turn < MOST_BEGUN_IN_A_TURN
            and self._waiting_for_connections < MOST_WAITING_FOR_CONNECTIONS
        )

    def _begin(self) -> None:
        self._begun_in_turn += 1
        self._expect_turn()

    def _expect_turn(self) -> None:
        if not self._is_turn_due:
            self._is_turn_due = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._is_turn_due, self._begun_in_turn = False, 0
        while self._waiting and self._has_room:
            oldest = self._waiting.popleft()
            if oldest.may_begin.done():
                continue
            if oldest.is_gone():
                SHED.labels(HUNG_UP, ADMITTED).inc()
                oldest.may_begin.set_result(False)
            else:
                oldest.may_begin.set_result(True)
                self._begin()

    def tick(self) -> None:
        """Note how long the oldest request waits, and how late the event loop is."""
        now = self._now()
        lag = max(0.0, now - self._due_at)
        LAG.observe(lag)
        self.queue.waited(max(lag, now - self._waiting[0].since) if self._waiting else lag)
        self._most_in_flight = max(self._most_in_flight, self.in_flight)
        self._ticks += 1
        if now - self._window_began_at >= WINDOW_SECONDS and self._ticks >= FEWEST_TICKS:
            self.end_window(now)
        self._due_at = self._now() + TICK_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self.tick)

    def end_window(self, now: float) -> None:
        """Set the cap for the next window."""
        computed = time.thread_time()
        is_busy = computed - self._computed > BUSY * (now - self._window_began_at)
        self._reason = "event_loop" if is_busy else "database"
        self._ticks, self._window_began_at, self._computed = 0, now, computed
        most, self._most_in_flight = max(self._most_in_flight, self.in_flight), 0
        is_limited = self._cap < math.inf
        is_bad, shortest = self.queue.end_window(now)
        if is_bad or (is_limited and shortest):
            self._calm_since = now
            self._lower(most, shortest)
        elif is_limited:
            self._raise(most, now)

    def _lower(self, most: int, shortest: float) -> None:
        if self._cap == math.inf:
            log.warning("requests are refused", overloaded=self._reason, in_flight=most)
            self._refused = 0
        elif most > self._cap:
            return  # those from before are still being answered, so it has no effect yet
        by = next(by for longer_than, by in LOWERED if shortest > longer_than)
        self._set_cap(max(LEAST_CAP, min(self._cap, most) * by))
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        """Refuse those in the queue who are too many for the cap, the newest first."""
        left = self.in_flight
        for importance in (Importance.SHEDDABLE, Importance.NORMAL):
            for each in reversed(self._waiting):
                if left <= self._most(importance):
                    break
                if each.importance is importance and not each.may_begin.done():
                    each.may_begin.set_result(False)
                    self._count(importance)
                    left -= 1

    def _raise(self, most: int, now: float) -> None:
        if now - self._calm_since >= CALM_SECONDS:
            self._set_cap(math.inf)
            log.info("requests are refused no more", refused=self._refused)
        elif most >= self.least_cap:
            self._set_cap(self._cap + max(1.0, self._cap * 0.05))

    def _most(self, importance: Importance) -> float:
        return self._cap if importance is Importance.NORMAL else self.least_cap

    def _count(self, refused: Importance) -> None:
        self._refused += 1
        SHED.labels(self._reason, refused.name.lower()).inc()

    def _set_cap(self, cap: float) -> None:
        self._cap, self.least_cap = cap, cap * SHARE_OF_SHEDDABLE


def overloaded(reason: str) -> Overloaded:
    """Return the error for a request that waited too long for something; count it."""
    SHED.labels(reason, ADMITTED).inc()
    return Overloaded()
