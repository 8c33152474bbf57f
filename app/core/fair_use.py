"""The general limit: so many requests a minute for each caller, whatever they are for."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from app.core.context import current_work
from app.core.limits import MINUTE, TooManyRequests

MOST_CALLERS: Final = 100_000


class FairUse:
    """Counts the requests of each caller in this process, a minute at a time.

    It is on the way of every request, so it asks nobody else and forgets everything at once when
    its minute ends: several processes allow several times as many. Its headers are those of
    draft-ietf-httpapi-ratelimit-headers.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._now = per_minute, now
        self._policy = (b"ratelimit-policy", b'"default";q=%d;w=%d' % (per_minute, MINUTE))
        self._counts: Counter[str] = Counter()
        self._ends_at = 0.0

    def count(self, caller: str) -> None:
        """Count a request, and have its answer say what is left. Raises TooManyRequests."""
        now = self._now()
        if now >= self._ends_at or len(self._counts) > MOST_CALLERS:
            self._counts.clear()
            self._ends_at = now + MINUTE
        self._counts[caller] += 1
        left = self._per_minute - self._counts[caller]
        after = max(1, -int(-(self._ends_at - now) // 1))
        state = (b"ratelimit", b'"default";r=%d;t=%d' % (max(0, left), after))
        current_work.get().headers = [self._policy, state]
        if left < 0:
            raise TooManyRequests(after=after)
