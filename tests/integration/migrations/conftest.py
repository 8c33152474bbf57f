"""Databases with nothing in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.support.databases import sibling, text


@pytest.fixture
async def empty_postgresql_url(postgresql_url: str) -> AsyncIterator[str]:
    async with made(postgresql_url, "ENCODING 'UTF8'") as address:
        yield address


@asynccontextmanager
async def made(beside: str, options: str) -> AsyncIterator[str]:
    """The address of an empty database that is made in a way of its own."""
    address = text(sibling(make_url(beside), "empty"))
    name = make_url(address).database
    server = await asyncpg.connect(beside)
    try:
        await server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await server.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {options}')
        yield address
        await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Whoever asks for it runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty_test.db'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url
