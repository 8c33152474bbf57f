"""The shapes in which the contract has to hold."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

import pytest

from tests.support.cleaning import Clean
from tests.support.probe.shapes import Embedded, Shape, Workers, two_workers
from tests.support.probe.world import World, open_world


async def _embedded(world: World, _stack: AsyncExitStack) -> Shape:
    return Embedded(world)


async def _workers(world: World, stack: AsyncExitStack) -> Shape:
    return Workers(world, await stack.enter_async_context(two_workers(world)))


SHAPES: Final = {
    "sqlite-embedded": ("sqlite", _embedded),
    "postgresql-embedded": ("postgresql", _embedded),
    "postgresql-workers": ("postgresql", _workers),
}


class Prepared(NamedTuple):
    shape: Shape
    clean: Clean


@pytest.fixture(scope="session", params=SHAPES)
async def prepared(
    request: pytest.FixtureRequest,
    another_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Prepared]:
    """Built once for each shape."""
    kind, shape_of = SHAPES[request.param]
    address = another_database(kind, "probe")
    folder = tmp_path_factory.mktemp("probe")
    async with open_world(address, folder) as (world, clean), AsyncExitStack() as stack:
        yield Prepared(await shape_of(world, stack), clean)


@pytest.fixture
async def shape(prepared: Prepared) -> Shape:
    """A shape in which nothing has happened yet."""
    await prepared.clean()
    prepared.shape.world.folder.empty()
    return prepared.shape


@pytest.fixture
def world(shape: Shape) -> World:
    return shape.world
