"""Shapes: where deliveries run. The contract is the same for each shape."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import and_, exists, or_, select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from tests.support.probe.child import Child, child
from tests.support.probe.world import World, until

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, *_ = DeliveryState
ONE_PLACE: Final = {"default": 1, "outside": 1}
"""The queues of an engine that runs one delivery of each queue at a time."""

_this = event_delivery.c
_first = event_delivery.alias("first").c
_is_held_back = exists(
    select(_first.id).where(
        _first.handler == _this.handler,
        _first.stream_id == _this.stream_id,
        _first.stream_position < _this.stream_position,
        or_(
            is_in(_first.state, NO_HANDLER),
            and_(is_in(_first.state, DEAD), _first.blocks_when_dead),
        ),
    )
)
_ACTIVE = (
    select(_this.id)
    .where(
        or_(is_in(_this.state, READY, CLAIMED), and_(is_in(_this.state, BLOCKED), ~_is_held_back))
    )
    .limit(1)
)


async def is_settled(world: World) -> bool:
    """Make waiting deliveries due, and return whether nothing is left to do."""
    await world.bring_forward_retries()
    return not await world.fetch(_ACTIVE)


class Victim(Protocol):
    """A process, or several that belong together, that delivers and that a test may end."""

    async def kill(self) -> None:
        """Kill it at once, in any state."""

    async def ended(self) -> object:
        """Wait until it has ended by itself."""

    async def stop(self) -> None:
        """Stop it cleanly, and wait until it has stopped."""

    async def finish(self) -> None:
        """Wait until it has finished its running deliveries."""


class Shape(ABC):
    """A world and the way in which its events are delivered. A subclass adds two methods."""

    engines = 1

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def places_of_engine(self) -> int:
        """How many deliveries of one handler an engine runs at once: it reserves the last place."""
        return self.world.settings.event_concurrency - 1

    @property
    def places(self) -> int:
        """How many deliveries of one handler all engines together run at once."""
        return self.engines * self.places_of_engine

    @abstractmethod
    def delivering(self) -> AbstractAsyncContextManager[None]:
        """Deliver while the block runs, and stop cleanly at its end."""

    @abstractmethod
    def victim(
        self, *, failpoint: str = "", **settings: Any
    ) -> AbstractAsyncContextManager[Victim]:
        """Deliver while the block runs, in a process that the test may kill or stop."""

    async def settle(self) -> None:
        """Deliver until nothing is left to do, and make waiting deliveries due meanwhile."""
        async with self.delivering():
            await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is left to do, in any process."""
        await until(lambda: is_settled(self.world))


class Embedded(Shape):
    """The engine runs in this process, as in the process of the API."""

    def delivering(self) -> AbstractAsyncContextManager[None]:
        return self.world.container.engine().running()

    @asynccontextmanager
    async def victim(self, *, failpoint: str = "", **settings: Any) -> AsyncIterator[Child]:
        own = self.world.settings.model_copy(update=settings)
        async with child(own, self.world.folder.path, failpoint=failpoint) as process:
            await process.do("deliver")
            yield process


class Workers(Embedded):
    """The engine runs in two other processes; this process only publishes."""

    def __init__(self, world: World, workers: list[Child]) -> None:
        super().__init__(world)
        self._workers, self.engines = workers, len(workers)

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        await asyncio.gather(*(worker.do("deliver") for worker in self._workers))
        try:
            yield
        finally:
            await asyncio.gather(*(worker.do("rest") for worker in self._workers))


@asynccontextmanager
async def embedded(world: World, _logs: Path) -> AsyncIterator[Embedded]:
    """Yield the shape, which starts no process."""
    yield Embedded(world)


@asynccontextmanager
async def workers(world: World, _logs: Path) -> AsyncIterator[Workers]:
    """Yield the shape with its workers, which start once and pause between tests."""
    async with AsyncExitStack() as processes:
        started = [
            await processes.enter_async_context(child(world.settings, world.folder.path))
            for _ in range(2)
        ]
        yield Workers(world, started)
