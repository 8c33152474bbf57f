"""PostgreSQL only, for failures that SQLite cannot have."""

import asyncpg
import pytest


@pytest.fixture
async def clean_postgresql(postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("DELETE FROM event_log")
    await connection.close()
