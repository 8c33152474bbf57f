"""Work that takes as long as other work would have, so that nobody can tell the two apart."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

WEIGHT: Final = 0.125
"""Of the newest measurement, in the mean of those before it (RFC 6298, section 2)."""
DEVIATIONS: Final = 2
"""So far above the mean work is filled up to: most of the typical work too, which varies."""
STEPS: Final = 500  # about 0.2 ms


def _idle_work() -> None:
    hashlib.pbkdf2_hmac("sha256", b"", b"", STEPS)


class TimeEqualizer:
    """Fills work up with work for nothing, until it took as long as is typical.

    It measures the thread's time on a processor, not the clock's: what else the machine does slows
    both kinds down alike, and a wait would leave the processor to others and show under load.
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
        """Measure the work as typical, and fill it up where it was faster than most."""
        started = self._now()
        yield
        self._note(self._now() - started)
        self._fill(started)

    @contextmanager
    def equalized(self) -> Iterator[None]:
        """Have other work take as long as typical work does."""
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
