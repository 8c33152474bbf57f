"""Makes the faster of two operations take as long as the other, so that time reveals nothing."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

WEIGHT: Final = 0.125
"""The weight of the newest measurement in the mean (RFC 6298, section 2)."""
DEVIATIONS: Final = 2
"""Work is extended to this far above the mean, which is more than most typical work takes."""
STEPS: Final = 500  # about 0.2 ms


def _idle_work() -> None:
    hashlib.pbkdf2_hmac("sha256", b"", b"", STEPS)


class TimeEqualizer:
    """Extends work with useless work, until it took the typical time.

    It measures the thread's processor time, not the clock's: other load on the machine slows both
    kinds of work alike. Waiting instead would free the processor, which is visible under load.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.thread_time,
        idle_work: Callable[[], None] = _idle_work,
    ) -> None:
        self._now, self._idle_work = now, idle_work
        self._mean: float | None = None
        self._deviation = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the work as typical, and extend it if it was faster than most."""
        started = self._now()
        yield
        self._note(self._now() - started)
        self._fill(started)

    @contextmanager
    def equalized(self) -> Iterator[None]:
        """Extend other work to the typical time."""
        started = self._now()
        yield
        self._fill(started)

    def _note(self, taken: float) -> None:
        difference = 0.0 if self._mean is None else taken - self._mean
        self._mean = taken - difference * (1 - WEIGHT)
        self._deviation += WEIGHT * (abs(difference) - self._deviation)

    def _fill(self, started: float) -> None:
        full = (self._mean or 0.0) + DEVIATIONS * self._deviation
        while self._now() - started < full:
            self._idle_work()
