"""A circuit breaker: a host that keeps failing gets no requests for a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.shared.application.http import CircuitOpen


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    closed_again_at: float = 0.0


class CircuitBreaker:
    """Counts the consecutive failures of each host, in this process.

    After some failures the host gets no request for a pause, in seconds; then one request may try.
    If that one fails, or does not end, the next may try after twice the pause, up to the longest.
    The first success resets everything.
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
        """Return if the host may get a request. Raises CircuitOpen."""
        circuit = self._failing.get(host)
        if circuit is None or circuit.failures < self._tolerated:
            return
        after = circuit.closed_again_at - self._now()
        if after > 0:
            raise CircuitOpen(host, failures=circuit.failures, after=after)
        self._open(circuit)  # for all others: they wait for the result of this one

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
