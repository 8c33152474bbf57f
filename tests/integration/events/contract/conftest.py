"""The shapes in which the contract must hold."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.support.brokers import BrokerOf
from tests.support.celery_shape import distributed, on_celery
from tests.support.cleaning import Clean
from tests.support.probe.shapes import Shape, embedded, workers
from tests.support.probe.world import World, open_world


class Plan(NamedTuple):
    """A shape's database and broker, and the function that builds it."""

    build: Callable[[World, Path], AbstractAsyncContextManager[Shape]]
    database: str
    broker: str = ""


SHAPES: Final = {
    "sqlite-embedded": Plan(embedded, "sqlite"),
    "postgresql-embedded": Plan(embedded, "postgresql"),
    "postgresql-workers": Plan(workers, "postgresql"),
    "celery-redis": Plan(distributed, "postgresql", "redis"),
    "celery-rabbitmq": Plan(distributed, "postgresql", "rabbitmq"),
}


class Prepared(NamedTuple):
    shape: Shape
    clean: Clean


def _as_parameter(name: str) -> Any:
    """Mark shapes with a broker as thorough: they take longest, and two shapes show workers too."""
    return pytest.param(name, id=name, marks=[pytest.mark.thorough] if SHAPES[name].broker else [])


@pytest.fixture(scope="session", params=map(_as_parameter, SHAPES))
async def prepared(
    request: pytest.FixtureRequest,
    another_database: Callable[[str, str], str],
    broker_of: BrokerOf,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Prepared]:
    """What is built once for each shape."""
    plan = SHAPES[request.param]
    folder, logs = tmp_path_factory.mktemp("probe"), tmp_path_factory.mktemp("logs")
    async with AsyncExitStack() as stack:
        settings = {}
        if plan.broker:
            settings = on_celery(await stack.enter_async_context(broker_of(plan.broker)))
        address = another_database(plan.database, "probe")
        world, clean = await stack.enter_async_context(open_world(address, folder, **settings))
        yield Prepared(await stack.enter_async_context(plan.build(world, logs)), clean)


@pytest.fixture
async def shape(prepared: Prepared) -> Shape:
    """A shape without any event yet."""
    await prepared.clean()
    prepared.shape.world.folder.empty()
    return prepared.shape


@pytest.fixture
def world(shape: Shape) -> World:
    return shape.world
