"""A small application behind the same boundary as the real one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import Processor

from app.core import middleware
from app.core.exceptions import Unauthenticated
from app.core.http.ingress_policy import OPEN, IngressPolicy
from app.core.http.mounts import Routes
from app.core.http.route_guard import RouteGuard
from app.core.http.service import Service
from app.core.logging import _add_ids
from app.core.security import Actor

ANA = Actor(UUID(int=1), UUID(int=2), frozenset({"note:read"}))

Serve = Callable[..., Service]


async def authenticate(token: str) -> Actor:
    if token != "ana":
        raise Unauthenticated
    return ANA


@pytest.fixture
def reported() -> list[Exception]:
    """The errors that the application reported."""
    return []


@pytest.fixture
def serve(reported: list[Exception]) -> Serve:
    """Build an application of some routes."""

    def serve(*routers: Routes, ingress: IngressPolicy = OPEN) -> Service:
        app = Service(
            report=reported.append,
            ingress=ingress,
            guard=RouteGuard(authenticate=authenticate),
        )
        app.add(*routers)
        return app

    return serve


@pytest.fixture(autouse=True)
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the boundary logs, each line with the context of its request."""
    capture = LogCapture()
    processors: list[Processor] = [_add_ids, capture]
    monkeypatch.setattr(middleware, "log", structlog.wrap_logger(None, processors=processors))
    return capture.entries
