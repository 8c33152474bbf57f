"""Metrics of requests to other services, counted by this process for Prometheus."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from app.shared.application.http import AddressRefused, Answer, CircuitOpen, NoAnswer
from app.shared.infrastructure.external.guarded_transport import MOST_HOSTS

SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
OTHER: Final = "other"

REQUESTS: Final = Histogram(
    "http_client_request_duration_seconds",
    "Requests to other services, each with its repetitions, by host and outcome.",
    ["host", "outcome"],
    buckets=SECONDS,
)
RETRIES: Final = Counter(
    "http_client_retries", "Repetitions of requests to other services.", ["host"]
)
CIRCUIT_OPEN: Final = Gauge(
    "http_client_circuit_open",
    "1 from the failure that opened the circuit of a host until it answers again; otherwise 0.",
    ["host"],
)

_OUTCOMES: Final[dict[type[BaseException], str]] = {
    NoAnswer: "no_answer",
    CircuitOpen: "circuit_open",
    AddressRefused: "refused",
    asyncio.CancelledError: "cancelled",  # the caller's time was over
}
_hosts: Final[set[str]] = set()


def label(host: str) -> str:
    """Return the host; `other` if there are too many, because users may name them."""
    if host not in _hosts and len(_hosts) >= MOST_HOSTS:
        return OTHER
    _hosts.add(host)
    return host


async def measured(host: str, sending: Awaitable[Answer]) -> Answer:
    """Wait for the answer to a request, and count the request. Raises what `sending` raises."""
    begun, outcome = time.perf_counter(), "failed"
    try:
        answer = await sending
    except tuple(_OUTCOMES) as error:
        outcome = _OUTCOMES[type(error)]
        raise
    else:
        outcome = f"{answer.status // 100}xx"
        return answer
    finally:
        # A refused name gets no place: nothing is known of it but that somebody wrote it.
        shown = OTHER if outcome == "refused" else label(host)
        REQUESTS.labels(shown, outcome).observe(time.perf_counter() - begun)


def count_retry(host: str) -> None:
    RETRIES.labels(label(host)).inc()


def show_circuit(host: str, *, is_open: bool) -> None:
    CIRCUIT_OPEN.labels(label(host)).set(int(is_open))
