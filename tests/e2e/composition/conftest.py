"""The service, with one more line in its container."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from app.config.settings import Settings
from app.core.http.service import Service
from app.main import create_app
from tests.e2e.composition.greetings import GreetingSettings, WithGreetings


@pytest.fixture(scope="session")
async def service(settings: Settings) -> AsyncIterator[Service]:
    app = create_app(settings.with_modules(GreetingSettings(word="Olá")), WithGreetings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def container(service: Service) -> WithGreetings:
    return cast("WithGreetings", service.state.container)
