"""A slow statement is cancelled, on SQLite too, and its connection can be used again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import Integer, bindparam, func, insert, literal, select

from app.config.database import create_database
from app.config.settings import Settings
from app.shared.infrastructure.database.connection import (
    Database,
    DatabaseUnavailable,
    SearchTooSlow,
)
from app.shared.infrastructure.database.models import event_handler
from app.shared.infrastructure.database.statement import Statement
from tests.support.moments import NOW

LONG_ENOUGH: Final = 10

_numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
_numbers = _numbers.union_all(select(_numbers.c.n + 1))
# Larger numbers would take far too long: each database would count for minutes.
_endless = select(func.count().label("count")).select_from(_numbers).where(_numbers.c.n < 0)
ENDLESS = Statement(_endless)
ENDLESS_SEARCH = Statement(_endless, is_search=True)
ENDLESS_WRITE = Statement(
    insert(event_handler).from_select(
        ["handler", "paused_at"],
        select(literal("x"), bindparam("now", NOW, type_=event_handler.c.paused_at.type)).where(
            _endless.scalar_subquery() > bindparam("least", 0, type_=Integer)
        ),
    )
)
PAUSES = Statement(select(event_handler.c.handler))
PAUSE = Statement(insert(event_handler), columns=["handler", "paused_at"])
RUNNING = """
SELECT count(*) FROM pg_stat_activity
WHERE state = 'active' AND query LIKE '%numbers%' AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def database(database_url: str, clean_database: None) -> AsyncIterator[Database]:
    """A database with a single connection and short time limits, the shortest for searches."""
    settings = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(database_url),
        database_pool_size=1,
        database_timeout_seconds=0.6,
        database_search_timeout_seconds=0.2,
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    database = create_database(settings)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(autouse=True)
async def no_test_waits_for_ever() -> AsyncIterator[None]:
    async with asyncio.timeout(LONG_ENOUGH):
        yield


async def pauses(database: Database) -> list[str]:
    return [row["handler"] for row in await database.fetch_all(PAUSES, {})]


async def test_a_slow_search_is_cancelled_and_reported(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(SearchTooSlow):
            await database.fetch_all(ENDLESS_SEARCH, {})
        with pytest.raises(SearchTooSlow):
            await database.fetch_one(ENDLESS_SEARCH, {})
        assert await pauses(database) == []  # on the same connection


async def test_any_other_slow_read_is_cancelled(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            await database.fetch_all(ENDLESS, {})
        assert await pauses(database) == []


async def test_a_slow_write_is_cancelled_and_rolled_back(
    database: Database,
) -> None:
    async with database.transaction() as connection:
        await connection.execute(PAUSE, {"handler": "first", "paused_at": NOW})
        with pytest.raises(DatabaseUnavailable):
            await connection.execute(ENDLESS_WRITE, {})
    async with database.transaction() as connection:
        await connection.execute(PAUSE, {"handler": "second", "paused_at": NOW})
        await connection.commit()
    assert await pauses(database) == ["second"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_server_stops_a_cancelled_search(database: Database, database_url: str) -> None:
    with pytest.raises(SearchTooSlow):
        await database.fetch_all(ENDLESS_SEARCH, {})
    other = await asyncpg.connect(database_url)
    try:
        assert await other.fetchval(RUNNING) == 0
    finally:
        await other.close()


async def test_a_search_has_no_more_time_than_anything_else(database_url: str) -> None:
    settings = Settings(
        _env_file=None,
        app_env="test",
        database_url=SecretStr(database_url),
        database_timeout_seconds=0.5,
        database_search_timeout_seconds=60,
        jwt_secret_key=SecretStr("a key for tests only, and long enough"),
    )
    assert create_database(settings)._search_timeout == 0.5
