"""The distributed shape: a relay in the process of the tests, and Celery's workers."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.config.settings import Settings
from app.container import ApplicationContainer
from app.shared.composition import opened
from app.shared.infrastructure.events.delivery import engine
from tests.support.brokers import Broker, remove
from tests.support.celery import Process, worker
from tests.support.probe.service import probe_container
from tests.support.probe.shapes import Shape
from tests.support.probe.world import World


def on_celery(broker: Broker) -> dict[str, Any]:
    """What the settings of the shape's world say.

    No more is on its way than one process runs at once: a message goes to one of them.
    """
    return {
        "app_name": own_name(),
        "events": "celery",
        "celery_broker_url": broker.url,
        "event_processes": 2,
        "event_in_flight": 4,
        "log_level": "INFO",  # by which its processes say what they do
        "event_concurrency": 4,
    }


class Distributed(Shape):
    """The worker receives all the time; the relay sends only while it is to be delivered."""

    def __init__(self, world: World, logs: Path) -> None:
        super().__init__(world)
        self._logs = logs

    @property
    def places_of_engine(self) -> int:
        """As many as one process runs at once: the relay keeps no place."""
        return self.world.settings.event_concurrency

    def delivering(self) -> AbstractAsyncContextManager[None]:
        return self.world.container.engine().running()

    @asynccontextmanager
    async def victim(self, *, failpoint: str = "", **settings: Any) -> AsyncIterator["Pair"]:
        usual = self.world.settings
        others = {"app_name": own_name(), "event_in_flight": 2 * usual.event_in_flight}
        own = usual.model_copy(update=others | settings)
        log = self._logs / f"{own.short_name}.log"
        async with (
            worker(own, self.world.folder, log, failpoint=failpoint) as process,
            _relay(own, self.world) as relay,
        ):
            yield Pair(process, relay)


class Pair:
    """A relay and a worker with a queue of their own."""

    def __init__(self, worker: Process, relay: AsyncExitStack) -> None:
        self._worker, self._relay = worker, relay

    async def kill(self) -> None:
        """Kill the worker; the relay stops before, as it would take over from it at once."""
        await self._relay.aclose()
        await self._worker.kill()

    async def ended(self) -> None:
        """Wait until it lost the process that ran something; it forks another one, too late."""
        await self._worker.says("exited with")
        await self.kill()

    async def stop(self) -> None:
        await self._relay.aclose()
        await self._worker.stop()

    async def finish(self) -> None:
        """A worker that stops finishes what takes no longer than a moment."""
        await self.stop()


@asynccontextmanager
async def distributed(world: World, logs: Path) -> AsyncIterator[Distributed]:
    """The shape, with its worker."""
    _without_schedules(world.container)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "LONGEST_PAUSE_SECONDS", 0.05)  # tests wait for it
        async with (
            removed(world.container),
            worker(world.settings, world.folder, logs / "worker.log"),
        ):
            yield Distributed(world, logs)


@asynccontextmanager
async def _relay(settings: Settings, world: World) -> AsyncIterator[AsyncExitStack]:
    container = _without_schedules(probe_container(settings, world.folder))
    async with opened(container), removed(container), AsyncExitStack() as running:
        await running.enter_async_context(container.engine().running())
        yield running


@asynccontextmanager
async def removed(container: ApplicationContainer) -> AsyncIterator[None]:
    """Leave nothing of it on the broker at the end of the block."""
    try:
        yield
    finally:
        if celery := container.celery():
            await asyncio.to_thread(remove, celery)


def _without_schedules(container: ApplicationContainer) -> ApplicationContainer:
    """Their deliveries would take the places that are counted here."""
    del container.engine().housekeeping.duties["schedules"]
    return container


def own_name() -> str:
    """Return a name that nobody else has: the queue's is made of it."""
    return f"Test {secrets.token_hex(4)}"
