"""The general limit: the number of requests in a minute for each caller."""

import time
from collections.abc import Callable
from typing import Final

from app.core.context import current_work
from app.core.limits import MINUTE, TooManyRequests, nearest_to_their_limits

MOST_CALLERS: Final = 100_000  # some 20 MB
# The shared name of new callers when no counter can be dropped; no caller has this name.
OTHERS: Final = ""


class RateLimit:
    """Counts the requests of each caller in this process, for one minute at a time.

    Every request passes it, so it uses memory only, and drops all counters when a minute ends.
    Several processes allow several times as many. Its headers are those of
    draft-ietf-httpapi-ratelimit-headers.

    With too many callers it drops the half that is farthest from the limit. Callers that have
    reached it are kept; if these are too many, new callers share one counter.
    """

    def __init__(
        self,
        per_minute: int,
        now: Callable[[], float] = time.monotonic,
        *,
        most_callers: int = MOST_CALLERS,
    ) -> None:
        self._per_minute, self._now, self._most = per_minute, now, most_callers
        self._policy = (b"ratelimit-policy", b'"default";q=%d;w=%d' % (per_minute, MINUTE))
        self._counts: dict[str, int] = {}
        self._ends_at = 0.0

    def count(self, caller: str) -> None:
        """Count a request, and add what is left to its answer. Raises TooManyRequests."""
        if refusal := self.refusal(caller):
            raise refusal

    def refusal(self, caller: str) -> TooManyRequests | None:
        """Count a request as `count` does, and return the error that it would raise.

        Only the first refusal of a caller is logged, or their log would fill the disk.
        """
        left = self._per_minute - self._counted(caller)
        after = max(1, -int(-(self._ends_at - self._now()) // 1))
        work = current_work.get()
        state = (b"ratelimit", b'"default";r=%d;t=%d' % (max(0, left), after))
        work.headers = [self._policy, state]
        if left >= 0:
            return None
        work.is_logged = left == -1
        return TooManyRequests(after=after)

    def is_worth_a_line(self, caller: str) -> bool:
        """Count a request that is answered in any case; return whether to log it."""
        return self._counted(f"{caller} uncounted") <= self._per_minute

    def _counted(self, caller: str) -> int:
        now = self._now()
        if now >= self._ends_at:
            self._counts = {}
            self._ends_at = now + MINUTE
        if caller not in self._counts and len(self._counts) >= self._most:
            caller = self._newcomer(caller)
        count = self._counts[caller] = self._counts.get(caller, 0) + 1
        return count

    def _newcomer(self, caller: str) -> str:
        """Return the name to count a new caller by, if there is no room."""
        if OTHERS in self._counts:  # there is no such counter yet in this minute
            return OTHERS
        used = {each: count / self._per_minute for each, count in self._counts.items()}
        kept = nearest_to_their_limits(used, self._most // 2)
        self._counts = {each: self._counts[each] for each in kept}
        return caller if len(kept) < self._most else OTHERS
