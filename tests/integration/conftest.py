"""The database as the service builds it, without the service."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.config.database import create_database
from app.config.settings import Settings
from app.shared.infrastructure.database.connection import Database


@pytest.fixture(scope="session")
async def shared_database(database_url: str) -> AsyncIterator[Database]:
    settings = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(database_url),
        database_pool_size=5,
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    database = create_database(settings)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def database(shared_database: Database, clean_database: None) -> Database:
    """An open database with empty tables."""
    return shared_database
