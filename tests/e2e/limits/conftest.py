"""A service with limits, and its own clock."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx2
import pytest

from app.config.settings import Settings
from app.main import create_app
from app.shared.infrastructure.limits.local import LocalLimiter
from tests.support.watch import Watch

PROXY = "127.0.0.1"  # all requests of these tests come from there


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def limited(
    settings: Settings, clean_database: None, watch: Watch
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service with limits, behind a proxy, with its own clock."""
    given = {"rate_limits": True, "trusted_proxies": (ip_network(PROXY),)}
    app = create_app(settings.model_copy(update=given))
    limiter = app.state.container.limiter()
    assert isinstance(limiter, LocalLimiter)
    limiter._now = watch
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
