"""Metrics of requests: number, kind and duration, counted by this process for Prometheus."""

from typing import Final

from prometheus_client import Gauge, Histogram
from starlette.types import Scope

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS: Final = Histogram(
    "http_request_duration_seconds",
    "Requests by method, route and status; status 0 means no answer.",
    ["method", "route", "status"],
    buckets=SECONDS,
)
WEBSOCKETS: Final = Gauge("http_websockets_open", "WebSockets that are open in this process.")
# Finding a metric's child by its labels costs more than counting with it.
_children: Final[dict[tuple[str, str, int], Histogram]] = {}


def observe_request(
    scope: Scope, status: int, seconds: float, exemplar: dict[str, str] | None = None
) -> None:
    """Count a request, with its trace as an example.

    Values that a client can choose are not labels: they are unlimited.
    """
    route = scope.get("route")
    method = scope["method"]
    key = (
        method if method in METHODS else "other",
        "none" if route is None else route.path,
        status,
    )
    child = _children.get(key)
    if child is None:
        child = _children[key] = REQUESTS.labels(*key)
    child.observe(seconds, exemplar)
