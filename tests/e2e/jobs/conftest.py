"""A service with the module of the examples."""

from collections.abc import AsyncIterator

import pytest

from app.config.settings import Settings
from app.core.http.service import Service
from app.main import create_app
from tests.e2e.jobs.examples.container import ContainerWithPrints
from tests.e2e.jobs.examples.usecases import Units


@pytest.fixture(scope="session")
async def service(settings: Settings) -> AsyncIterator[Service]:
    app = create_app(settings, ContainerWithPrints)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def uow(service: Service) -> Units:
    factory: Units = service.state.container.print.uow
    return factory
