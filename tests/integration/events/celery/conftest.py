"""A relay in the process of the tests, and a worker in a process of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.container import ApplicationContainer
from app.shared.composition import opened
from app.shared.infrastructure.events.delivery import engine
from app.shared.infrastructure.events.delivery.celery.executor import CeleryExecutor
from tests.support.brokers import Broker, BrokerOf
from tests.support.celery import worker
from tests.support.celery_shape import on_celery, own_name, removed
from tests.support.cleaning import Clean
from tests.support.clinging import add_clinging
from tests.support.probe.service import probe_container
from tests.support.probe.world import World, open_world


class Prepared(NamedTuple):
    """A service whose events go over the broker."""

    world: World
    clean: Clean
    logs: Path


def executor_of(world: World) -> CeleryExecutor:
    """Return the executor of the relay, which sends."""
    executor = world.container.executor()
    assert isinstance(executor, CeleryExecutor)
    return executor


@pytest.fixture(scope="session", params=["redis", "rabbitmq"])
async def broker(request: pytest.FixtureRequest, broker_of: BrokerOf) -> AsyncIterator[Broker]:
    """Each broker that is available."""
    async with broker_of(request.param) as broker:
        yield broker


@pytest.fixture(scope="session")
async def prepared(
    broker: Broker,
    another_database: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Prepared]:
    address = another_database("postgresql", "celery")
    folder, logs = tmp_path_factory.mktemp("probe"), tmp_path_factory.mktemp("logs")
    short = {"event_lease_seconds": 1, "event_queue_seconds": 2, "event_in_flight": 400}
    async with (
        open_world(address, folder, **on_celery(broker) | short) as (world, clean),
        removed(world.container),
    ):
        add_clinging(world.container, world.folder)
        executor_of(world)._grace = 0.5
        yield Prepared(world, clean, logs)


@pytest.fixture
async def world(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> World:
    """A service without any event yet."""
    monkeypatch.setattr(engine, "LONGEST_PAUSE_SECONDS", 0.05)  # the tests wait for it
    await prepared.clean()
    prepared.world.folder.empty()
    return prepared.world


@pytest.fixture(scope="session")
async def worker_process(prepared: Prepared) -> AsyncIterator[None]:
    """It receives all the time, and has something to do only while the relay works."""
    world = prepared.world
    async with worker(world.settings, world.folder, prepared.logs / "worker"):
        yield


@pytest.fixture
async def relay(world: World, worker_process: None) -> AsyncIterator[None]:
    """A relay that sends, while the test runs, to the worker."""
    async with world.container.engine().running():
        yield


@pytest.fixture
async def unheard_relay(world: World) -> AsyncIterator[ApplicationContainer]:
    """A relay with a queue of its own, which no worker receives from."""
    own = {"app_name": own_name(), "event_queue_seconds": 1, "event_in_flight": 30}
    settings = world.settings.model_copy(update=own)
    container = probe_container(settings, world.folder)
    async with opened(container), removed(container):
        yield container
        await container.executor().stop()
