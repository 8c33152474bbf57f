"""What traces cost a request with two statements: `make bench-traces`."""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from app.core import tracing
from app.core.context import WorkContext, current_work
from app.shared.infrastructure.tracing.export import Export
from app.shared.infrastructure.tracing.lifecycle import TracingOptions

ROUNDS: Final = 9
REQUESTS: Final = 2_000
# The sampler's ratio, and how many microseconds a request may cost with it. None: without traces.
LIMITS: Final[dict[str, tuple[float | None, float]]] = {
    "off": (None, 1.0),
    "1 % recorded": (0.01, 15.0),
    "all recorded": (1.0, 150.0),
}


class _Route:
    path = "/api/v1/users/{user_id}"


class _Statement:
    summary = "SELECT event_log"


STATEMENT: Final = _Statement()


def request(scope: dict[str, Any]) -> None:
    """Do what the service does for the traces of one request, and nothing else."""
    work = WorkContext("a-request-id")
    token = current_work.set(work)
    traced = tracing.begin_request(scope, work)
    for _ in range(2):
        with tracing.statement("postgresql", STATEMENT):
            pass
    tracing.exemplar(work)
    tracing.end_request(traced, scope, work, 200)
    current_work.reset(token)


def nothing(scope: dict[str, Any]) -> None:
    """Do what `request` does besides."""
    del scope
    token = current_work.set(WorkContext("a-request-id"))
    for _ in range(2):
        pass
    current_work.reset(token)


def microseconds(work: Callable[[dict[str, Any]], None]) -> float:
    """Return the CPU time of this thread for one run; the thread that sends has its own."""
    scope = {"method": "GET", "path": "/api/v1/users/7", "route": _Route(), "scheme": "http"}
    began = time.thread_time_ns()
    for _ in range(REQUESTS):
        work(scope)
    return (time.thread_time_ns() - began) / REQUESTS / 1_000


def measured(ratio: float | None) -> float:
    """Return the median over rounds of what a request costs more than without this code."""
    export = None
    if ratio is not None:
        export = Export(_options(ratio))
        tracing.start(export.tracers)
    try:
        return statistics.median(
            microseconds(request) - microseconds(nothing) for _ in range(ROUNDS)
        )
    finally:
        tracing.stop()
        if export is not None:
            asyncio.run(export.close())


def _options(ratio: float) -> TracingOptions:
    return TracingOptions(
        endpoint="http://127.0.0.1:9",  # nobody: what arrives makes no difference
        sampler="parentbased_traceidratio",
        ratio=ratio,
        timeout=0.5,
        service="bench",
        version="0",
        environment="test",
    )


def main() -> None:
    found = {name: (measured(ratio), limit) for name, (ratio, limit) in LIMITS.items()}
    for name, (cost, limit) in found.items():
        print(f"{name:14} {cost:6.2f} µs of {limit:g} allowed")
    sys.exit(any(cost > limit for cost, limit in found.values()))


if __name__ == "__main__":
    main()
