"""A service on each database, in which only the tests deliver."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.cleaning import Clean
from tests.support.probe.world import World, open_world

on_sqlite = pytest.mark.parametrize("prepared", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("prepared", ["postgresql"], indirect=True)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def prepared(
    request: pytest.FixtureRequest,
    another_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[World, Clean]]:
    address = another_database(request.param, "engine")
    folder = tmp_path_factory.mktemp("probe")
    # Short timeouts, for the tests in which the database does not answer.
    async with open_world(address, folder, database_timeout_seconds=1) as prepared:
        yield prepared


@pytest.fixture
async def world(prepared: tuple[World, Clean]) -> World:
    """A service without any event yet."""
    world, clean = prepared
    await clean()
    world.folder.empty()
    return world
