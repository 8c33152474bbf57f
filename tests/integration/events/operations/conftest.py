"""A small service: things that happen, and handlers that fail when they are told to."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.config.database import create_database
from app.config.settings import Settings
from app.shared.infrastructure.database.connection import Database
from tests.integration.events.operations.world import World


@pytest.fixture
async def open_database(database_url: str) -> AsyncIterator[Database]:
    """Open new connections, because old ones remember plans that were made for empty tables."""
    settings = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(database_url),
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    database = create_database(settings)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def world(open_database: Database, clean_database: None) -> World:
    return World(open_database)
