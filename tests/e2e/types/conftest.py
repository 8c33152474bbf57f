"""The service, with bookings and their tables."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from app.config.settings import Settings
from app.core.http.service import Service
from app.main import create_app
from tests.e2e.types.bookings.container import WithBookings
from tests.e2e.types.bookings.storage import metadata
from tests.support.anybody import connected


@pytest.fixture(scope="session")
async def service(settings: Settings, database_url: str) -> AsyncIterator[Service]:
    app = create_app(settings, WithBookings)
    async with connected(database_url) as connection:
        await connection.run_sync(metadata.create_all)
    async with app.router.lifespan_context(app):
        yield app
    async with connected(database_url) as connection:
        await connection.run_sync(metadata.drop_all)


@pytest.fixture
def container(service: Service) -> WithBookings:
    return cast("WithBookings", service.state.container)
