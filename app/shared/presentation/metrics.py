"""Metrics for monitoring."""

import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Header
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.responses import Response

from app.core.admission import Importance
from app.core.exceptions import NotFound
from app.core.http.routing import ApiRouter
from app.core.security import PUBLIC

# Each with its content type. They do not come from the client's Accept header, whose version would
# otherwise be copied.
_OPENMETRICS: Final = choose_encoder("application/openmetrics-text")
_TEXT: Final = choose_encoder("")

# A media range, its version and its weight (RFC 9110, section 12.5.1).
_RANGE: Final = re.compile(r"[\w*+./-]+")
_VERSION: Final = re.compile(r";[ \t]*version=([^;\s]+)", re.IGNORECASE)
_WEIGHT: Final = re.compile(r";[ \t]*q=([01](?:\.\d{0,3})?)[ \t]*(?:;|$)", re.IGNORECASE)


def wants_openmetrics(accept: str) -> bool:
    """Return whether a scraper accepts OpenMetrics 1.0.0, and prefers nothing to it."""
    openmetrics, others = 0.0, 0.0
    for part in accept.split(","):
        name, version, sent = (each.search(part) for each in (_RANGE, _VERSION, _WEIGHT))
        weight = float(sent[1]) if sent else 1.0
        is_version_1 = version is None or version[1] == "1.0.0"
        if name and name[0].lower() == "application/openmetrics-text" and is_version_1:
            openmetrics = max(openmetrics, weight)
        else:
            others = max(others, weight)
    return openmetrics > 0 and openmetrics >= others


class MetricsController:
    """Without the token a client gets a 404, and does not learn that metrics exist."""

    def __init__(self, token: str | None, scrape: Callable[[], Awaitable[Collector]]) -> None:
        self._expected = None if token is None else f"Bearer {token}".encode()
        self._scrape = scrape

    async def metrics(
        self,
        authorization: Annotated[str, Header()] = "",
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Get the metrics, in Prometheus's text form or in OpenMetrics, as `Accept` says."""
        sent = authorization.encode()
        if self._expected is None or not hmac.compare_digest(sent, self._expected):
            raise NotFound
        metrics = await self._scrape()
        encode, media_type = _OPENMETRICS if wants_openmetrics(accept) else _TEXT
        return Response(encode(metrics), media_type=media_type)


def metrics_routes(metrics: MetricsController) -> ApiRouter:
    router = ApiRouter(tags=["health"])
    # The route is public, but not its answer: the token is no user's, so the controller checks it.
    router.get(
        "/metrics",
        metrics.metrics,
        access=PUBLIC,
        counted=False,
        importance=Importance.CRITICAL,
        include_in_schema=False,
        by_fastapi=True,
    )
    return router
