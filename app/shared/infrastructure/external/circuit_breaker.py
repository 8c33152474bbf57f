"""A circuit breaker: a host that keeps failing is left alone for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


class CircuitOpen(Exception):
    """The host failed so often that it is not asked right now. `after` is in seconds."""

    def __init__(self, host: str, *, failures: int, after: float) -> None:
        self.after = after
        super().__init__(f"{host} is not asked: it failed {failures} times in a row")


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    closed_again_at: float = 0.0


class CircuitBreaker:
    """Counts the failures in a row of each host, in this process.

    After some of them the host is not asked for a pause, in seconds; then one request may try. If
    it fails, or is never heard of again, the next may try after a pause that is twice as long, up
    to the longest; the first success forgets everything.
    """

    TOLERATED: Final = 5
    PAUSE_SECONDS: Final = 30.0
    LONGEST_PAUSE_SECONDS: Final = 3600.0

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        *,
        tolerated: int = TOLERATED,
        pause: float = PAUSE_SECONDS,
        longest_pause: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        self._now = now
        self._tolerated, self._pause, self._longest = tolerated, pause, longest_pause
        self._failing: dict[str, _Circuit] = {}

    def admit(self, host: str) -> None:
        """Return if the host may be asked. Raises CircuitOpen."""
        circuit = self._failing.get(host)
        if circuit is None or circuit.failures < self._tolerated:
            return
        after = circuit.closed_again_at - self._now()
        if after > 0:
            raise CircuitOpen(host, failures=circuit.failures, after=after)
        self._open(circuit)  # for all others: they wait for what this one finds

    def failed(self, host: str) -> None:
        circuit = self._failing.setdefault(host, _Circuit())
        circuit.failures += 1
        if circuit.failures >= self._tolerated:
            self._open(circuit)

    def succeeded(self, host: str) -> None:
        self._failing.pop(host, None)

    def _open(self, circuit: _Circuit) -> None:
        doublings = min(circuit.failures - self._tolerated, 16)
        pause = min(self._pause * 2**doublings, self._longest)
        circuit.closed_again_at = self._now() + pause
