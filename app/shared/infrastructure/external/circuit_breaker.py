"""A circuit breaker: a host that keeps failing gets no requests for a while."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.core.caches import evict_oldest
from app.shared.application.http import CircuitOpen
from app.shared.infrastructure.external.http_metrics import show_circuit


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    closed_again_at: float = 0.0


class CircuitBreaker:
    """Counts the consecutive failures of each host, in this process.

    After some failures the host gets no request for a pause, in seconds; then one request may try.
    If that one fails, or does not end, the next may try after twice the pause, up to the longest.
    The first success resets everything. Users may name hosts, so the number of failing hosts is
    limited. If there are more, the host whose last failure is the oldest is forgotten.
    """

    MOST_REMEMBERED: Final = 10_000
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
        self._failing: OrderedDict[str, _Circuit] = OrderedDict()

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
        self._failing.move_to_end(host)
        evict_oldest(self._failing, most=self.MOST_REMEMBERED)
        circuit.failures += 1
        is_open = circuit.failures >= self._tolerated
        if is_open:
            self._open(circuit)
        show_circuit(host, is_open=is_open)

    def succeeded(self, host: str) -> None:
        self._failing.pop(host, None)
        show_circuit(host, is_open=False)

    def _open(self, circuit: _Circuit) -> None:
        doublings = min(circuit.failures - self._tolerated, 16)
        pause = min(self._pause * 2**doublings, self._longest)
        circuit.closed_again_at = self._now() + pause
