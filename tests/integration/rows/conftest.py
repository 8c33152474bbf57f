"""A database with further tables for lists."""

from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from app.config.database import create_database
from app.config.settings import Settings
from app.shared.infrastructure.database import sqlite_errors
from app.shared.infrastructure.database.connection import Database
from tests.integration.rows import invoices  # noqa: F401 - its tables
from tests.integration.rows.tables import schema
from tests.support.anybody import create_tables
from tests.support.cleaning import Clean, cleaner


@pytest.fixture(scope="session")
async def rows_url(database_url: str, another_database: Callable[[str, str], str]) -> str:
    address = another_database(make_url(database_url).get_backend_name(), "rows")
    await create_tables(address, schema)
    return address


@pytest.fixture(scope="session")
async def rows_database(rows_url: str) -> AsyncIterator[Database]:
    settings = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(rows_url),
        database_pool_size=5,
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    database = create_database(settings)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def rows_cleaner(rows_url: str) -> AsyncIterator[Clean]:
    async with cleaner(rows_url) as clean:
        yield clean


@pytest.fixture
async def database(
    rows_database: Database, rows_cleaner: Clean, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """An open database with empty tables."""
    # SQLite's errors name columns; the names of constraints are looked up in the tables' metadata.
    monkeypatch.setattr(sqlite_errors, "metadata", schema)
    await rows_cleaner()
    return rows_database
