"""Limits that this process counts alone."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from app.core.limits import Limit, TooManyRequests

SWEPT_FROM: Final = 1_000


@dataclass(slots=True)
class _Window:
    seconds: int
    times: deque[float] = field(default_factory=deque)

    def is_empty(self, now: float) -> bool:
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return not self.times


class LocalLimiter:
    """Moving windows in memory. What is over is forgotten, so they stay as few as are in use.

    With `share` below 1 it is stricter: it stands in for a count that several processes share.
    """

    def __init__(self, share: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._share, self._now = share, now
        self._windows: dict[tuple[str, str], _Window] = {}
        self._sweep_at = SWEPT_FROM

    # No `await` between looking and counting: in one event loop that makes the two one step.
    async def hit(self, limit: Limit, whom: str, /) -> None:
        await self.check(limit, whom)
        now = self._now()
        window = self._windows.setdefault((limit.name, whom), _Window(limit.per))
        window.times.append(now)
        if len(self._windows) > self._sweep_at:
            self._sweep(now)

    async def check(self, limit: Limit, whom: str, /) -> None:
        window, now = self._windows.get((limit.name, whom)), self._now()
        if window is None or window.is_empty(now):
            return
        if len(window.times) >= max(1, int(limit.amount * self._share)):
            raise TooManyRequests(after=window.times[0] + limit.per - now)

    async def counted(self, limit: Limit, whom: str, /) -> int:
        window = self._windows.get((limit.name, whom))
        return 0 if window is None or window.is_empty(self._now()) else len(window.times)

    async def forget(self, limit: Limit, whom: str, /) -> None:
        self._windows.pop((limit.name, whom), None)

    async def close(self) -> None:
        self._windows.clear()

    def _sweep(self, now: float) -> None:
        """Drop what is over, each time that they have become twice as many as were left."""
        self._windows = {key: each for key, each in self._windows.items() if not each.is_empty(now)}
        self._sweep_at = max(SWEPT_FROM, 2 * len(self._windows))
