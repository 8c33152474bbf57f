"""PostgreSQL alone, for tests of trouble in which SQLite has no part."""

import asyncpg
import pytest


@pytest.fixture
async def clean_postgresql(postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("DELETE FROM event_log")
    await connection.close()
