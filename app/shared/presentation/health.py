"""Health checks for operators: whether the process runs, and whether it can do its work."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from app.core.admission import Importance
from app.core.exceptions import Unavailable
from app.core.http.routing import ApiRouter
from app.core.security import PUBLIC


class NotReady(Unavailable):
    """The service accepts no requests yet, or no more."""

    code = "not_ready"
    message = "The service is not ready."


@dataclass
class Health:
    status: Literal["alive", "ready"]


class HealthController:
    """Liveness checks the process only: an unreachable database is no reason to restart it."""

    REMEMBERED_SECONDS: Final = 1.0

    def __init__(
        self,
        *why_not_ready: Callable[[], Awaitable[str | None]],
        is_stopping: Callable[[], bool] = bool,
    ) -> None:
        self._why_not_ready, self._is_stopping = why_not_ready, is_stopping
        self._known_until = 0.0
        self._reason: str | None = None

    async def check_live(self) -> Health:
        """Check that the process runs."""
        return Health("alive")

    async def check_ready(self) -> Health:
        """Check that the service can do its work.

        The database answers and is migrated, events are delivered, and it was not asked to stop.
        """
        if self._is_stopping():
            raise NotReady("The service is stopping.")
        if time.monotonic() >= self._known_until:
            self._reason = await self._first_reason()
            self._known_until = time.monotonic() + self.REMEMBERED_SECONDS
        if self._reason is not None:
            raise NotReady(self._reason)
        return Health("ready")

    async def _first_reason(self) -> str | None:
        for why_not in self._why_not_ready:
            if reason := await why_not():
                return reason
        return None


def health_routes(health: HealthController) -> ApiRouter:
    router = ApiRouter("/health", tags=["health"], description="For load balancers and operators.")
    probed = {"access": PUBLIC, "counted": False, "importance": Importance.CRITICAL}
    router.get("/live", health.check_live, **probed)
    router.get("/ready", health.check_ready, **probed, raises=[NotReady])
    return router
