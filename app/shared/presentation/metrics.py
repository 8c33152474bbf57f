"""Metrics, for whoever watches the service."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from app.core.exceptions import NotFound
from app.core.http.routing import ApiRouter
from app.core.security import PUBLIC


class MetricsController:
    """Who has not got the token does not learn that there are metrics."""

    def __init__(self, token: str | None, scrape: Callable[[], Awaitable[bytes]]) -> None:
        self._expected = None if token is None else f"Bearer {token}".encode()
        self._scrape = scrape

    async def metrics(self, authorization: Annotated[str, Header()] = "") -> Response:
        """Give the metrics in Prometheus's text form."""
        sent = authorization.encode()
        if self._expected is None or not hmac.compare_digest(sent, self._expected):
            raise NotFound
        return Response(await self._scrape(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def metrics_routes(metrics: MetricsController) -> ApiRouter:
    router = ApiRouter(tags=["health"])
    # Public is the route, not the answer: its token is no user's, and the controller asks for it.
    router.get("/metrics", metrics.metrics, access=PUBLIC, counted=False, include_in_schema=False)
    return router
