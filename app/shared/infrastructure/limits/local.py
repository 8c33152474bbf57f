"""Limits that this process counts on its own."""

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from app.core.limits import Limit, TooManyRequests, nearest_to_their_limits
from app.core.resources import Resource

PURGE_FROM: Final = 1_000
MOST_BYTES: Final = 32 * 1024 * 1024
WINDOW_BYTES: Final = 400  # the size of one with its name and its place in a dictionary
TIME_BYTES: Final = 9
SHORTEST_SECONDS: Final = 1.0  # between two checks of everything
# The shared name of new callers when no counter can be dropped; no caller has this name.
OTHERS: Final = "others"

_Key = tuple[str, str]


@dataclass(slots=True)
class _Window:
    limit: Limit
    times: "array[float]" = field(default_factory=lambda: array("d"))

    def drop_expired(self, now: float) -> int:
        """Drop the expired times; return how many they were."""
        over = 0
        while over < len(self.times) and self.times[over] <= now - self.limit.per:
            over += 1
        if over:
            del self.times[:over]
        return over


class LocalLimiter(Resource):
    """Moving windows in memory. Expired ones are dropped, so only those in use stay.

    With `share` below 1 it is stricter: it replaces a count that several processes share.

    If it has too many, it drops the half that is farthest from the limit. Callers that have reached
    a limit are kept; if these are too many, new callers share one count.
    """

    def __init__(
        self,
        share: float = 1.0,
        now: Callable[[], float] = time.monotonic,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._share, self._now, self._most_bytes = share, now, most_bytes
        self._windows: dict[_Key, _Window] = {}
        self._times = 0
        self._purge_at = PURGE_FROM
        self._full_until = 0.0

    # There is no `await` between checking and counting, so in one event loop they are one step.
    async def hit(self, limit: Limit, whom: str, /) -> None:
        now = self._now()
        key = self._key(limit, whom, now)
        self._check(limit, key, now)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(limit)
        window.times.append(now)
        self._times += 1

    async def check(self, limit: Limit, whom: str, /) -> None:
        now = self._now()
        self._check(limit, self._key(limit, whom, now), now)

    async def counted(self, limit: Limit, whom: str, /) -> int:
        window = self._windows.get((limit.name, whom))
        if window is None:
            return 0
        self._times -= window.drop_expired(self._now())
        return len(window.times)

    async def forget(self, limit: Limit, whom: str, /) -> None:
        window = self._windows.pop((limit.name, whom), None)
        if window is not None:
            self._times -= len(window.times)

    async def close(self) -> None:
        self._windows.clear()
        self._times = 0

    def _check(self, limit: Limit, key: _Key, now: float) -> None:
        window = self._windows.get(key)
        if window is None:
            return
        self._times -= window.drop_expired(now)
        if len(window.times) >= self._amount(limit):
            raise TooManyRequests(after=window.times[0] + limit.per - now)

    def _amount(self, limit: Limit) -> int:
        return max(1, int(limit.amount * self._share))

    # --- Room -------------------------------------------------------------------------------------

    def _key(self, limit: Limit, whom: str, now: float) -> _Key:
        """Return the name to count by: usually the caller's own."""
        key = (limit.name, whom)
        if key in self._windows:
            return key
        if len(self._windows) >= self._purge_at:
            self._forget_what_is_over(now)
        if self._is_full and now >= self._full_until:
            self._forget_who_is_farthest_from_a_limit(now)
        return (limit.name, OTHERS) if self._is_full else key

    @property
    def _is_full(self) -> bool:
        used = len(self._windows) * WINDOW_BYTES + self._times * TIME_BYTES
        return used + WINDOW_BYTES > self._most_bytes

    def _forget_what_is_over(self, now: float) -> None:
        """Drop expired windows each time their number has doubled since the last time."""
        for window in self._windows.values():
            self._times -= window.drop_expired(now)
        self._keep([key for key, window in self._windows.items() if window.times])
        self._purge_at = max(PURGE_FROM, 2 * len(self._windows))

    def _forget_who_is_farthest_from_a_limit(self, now: float) -> None:
        self._forget_what_is_over(now)
        used = {
            key: len(window.times) / self._amount(window.limit)
            for key, window in self._windows.items()
        }
        self._keep(nearest_to_their_limits(used, len(used) // 2))
        self._full_until = now + SHORTEST_SECONDS

    def _keep(self, keys: list[_Key]) -> None:
        self._windows = {key: self._windows[key] for key in keys}
        self._times = sum(len(window.times) for window in self._windows.values())
