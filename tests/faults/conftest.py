"""Worlds to break, and the dice by which they are broken.

`FAULTS_ROUNDS` says how often, `FAULTS_SEED` with which numbers: see `make faults`.
"""

import os
import random
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.cleaning import Clean
from tests.support.probe.world import World, open_world

LEASE_SECONDS = 1  # as short as it may be: the real time has to pass here


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Numbers that come again with the same seed; it is shown when the test fails."""
    seed = os.environ.get("FAULTS_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"to see it again: FAULTS_SEED={seed}")  # noqa: T201 - for whoever reads the failure
    return random.Random(f"{seed} {request.node.name}")  # noqa: S311 - not for secrets


@pytest.fixture(scope="session")
def rounds() -> Callable[[int], int]:
    """How many: so many as are named, but all of FAULTS_ROUNDS where that is set."""
    asked = int(os.environ.get("FAULTS_ROUNDS") or 0)
    return lambda few: asked or few


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def prepared(
    request: pytest.FixtureRequest,
    another_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[World, Clean]]:
    address = another_database(request.param, "faults")
    folder = tmp_path_factory.mktemp("probe")
    async with open_world(address, folder, event_lease_seconds=LEASE_SECONDS) as prepared:
        yield prepared


@pytest.fixture
async def world(prepared: tuple[World, Clean]) -> World:
    """Nothing has happened in it yet."""
    world, clean = prepared
    await clean()
    world.folder.empty()
    return world
