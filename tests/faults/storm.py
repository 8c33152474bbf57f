"""Processes that work while some of them are killed."""

import asyncio
import math
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from tests.support.celery import Process, worker
from tests.support.ledger import Ledger, read_ledger
from tests.support.probe.child import Child, child
from tests.support.probe.shapes import is_settled
from tests.support.probe.world import World, until

# Over a broker each step of a stream takes longer, and deliveries must not fall behind.
MANY_STREAMS: Final = "publish 1 10 1.0"
STUCK_SECONDS: Final = 60  # seconds without any progress
_NOT_DONE: Final = (DeliveryState.READY, DeliveryState.CLAIMED, DeliveryState.BLOCKED)
_LEFT: Final = select(func.count().label("left")).where(is_in(event_delivery.c.state, *_NOT_DONE))


@dataclass
class Member:
    """A role in the storm, and the process that has it at the moment."""

    orders: tuple[str, ...]
    process: Child
    stack: AsyncExitStack


@dataclass
class Group:
    """A Celery worker, and the processes that it forked."""

    process: Process
    stack: AsyncExitStack
    settings: dict[str, Any]
    killed: set[int] = field(default_factory=set)


class Storm:
    """Keeps processes running: each that ends is replaced by another with the same orders."""

    def __init__(self, world: World, dice: random.Random, settings: Mapping[str, Any]) -> None:
        self._world, self._dice = world, dice
        self._settings = world.settings.model_copy(update=settings)
        self.members: list[Member] = []
        self.groups: list[Group] = []

    async def begin(self, *orders: str, failpoint: str = "", sabotage: str = "") -> Member:
        """Start a process with its orders.

        Its failpoint or sabotage is not for those that replace it.
        """
        stack = AsyncExitStack()
        process = await stack.enter_async_context(
            child(
                self._settings,
                self._world.folder.path,
                failpoint=failpoint,
                sabotage=sabotage,
            )
        )
        member = Member(orders, process, stack)
        self.members.append(member)
        for order in orders:
            await process.do(order)
        return member

    async def kill(self, member: Member) -> Member:
        """Kill a process, and replace it."""
        await member.process.kill()
        return await self.follow(member)

    async def follow(self, ended: Member) -> Member:
        """Replace a process that is gone."""
        self.members.remove(ended)
        await ended.stack.aclose()
        return await self.begin(*ended.orders)

    async def settle(self, *, patience: float) -> None:
        """Wait until nothing is left to do. Meanwhile each process that ends is replaced."""

        async def is_over() -> bool:
            for member in [each for each in self.members if not each.process.is_alive]:
                await self.follow(member)
            return await is_settled(self._world)

        await until(is_over, patience=patience)

    async def employ(self, *, failpoint: str = "", **settings: Any) -> Group:
        """Start a Celery worker, for what relays send. `settings` are those that differ."""
        stack = AsyncExitStack()
        working = celery_worker(self._world, failpoint=failpoint, **settings)
        group = Group(await stack.enter_async_context(working), stack, settings)
        self.groups.append(group)
        return group

    async def kill_group(self, group: Group) -> Group:
        """Kill a worker with all processes that it forked, and replace it."""
        await self.dismiss(group)
        return await self.employ()

    async def dismiss(self, group: Group) -> None:
        """Kill a worker, and do not replace it."""
        self.groups.remove(group)
        await group.process.kill()
        await group.stack.aclose()

    async def supervise(self) -> None:
        """Replace workers that ended by themselves."""
        for group in [each for each in self.groups if not each.process.is_alive]:
            await self.dismiss(group)
            await self.employ(**group.settings)

    async def kill_forked(self, group: Group) -> Group:
        """Kill one process that a worker forked, and wait until the worker has forked another.

        If the process dies while it holds the lock of its worker's queue, nothing is received any
        more. Then the worker ends itself, and is replaced.
        """
        folder, pid = self._world.folder, group.process.pid
        forked = folder.forked(pid)
        victim = self._dice.choice([each for each in forked if each not in group.killed])
        group.killed.add(victim)
        os.kill(victim, signal.SIGKILL)
        await until(
            lambda: len(folder.forked(pid)) > len(forked) or not group.process.is_alive,
            patience=60,
        )
        await self.supervise()
        return self.groups[-1]

    async def last(self, longest: float) -> None:
        """Let the storm go on for a while."""
        await asyncio.sleep(self._dice.uniform(0, longest))

    async def end(self) -> None:
        for stack in [one.stack for one in self.members] + [one.stack for one in self.groups]:
            await stack.aclose()
        self.members.clear()
        self.groups.clear()


@asynccontextmanager
async def storm(world: World, dice: random.Random, **settings: Any) -> AsyncIterator[Storm]:
    """A storm that ends with the block; `settings` are for its processes only."""
    raging = Storm(world, dice, settings)
    try:
        yield raging
    finally:
        await raging.end()


@asynccontextmanager
async def celery_worker(
    world: World, *, failpoint: str = "", **others: Any
) -> AsyncIterator[Process]:
    """A worker on the world's broker; `others` are settings that differ from the world's."""
    settings = world.settings.model_copy(update=others)
    log = world.folder.path / f"log.{os.urandom(4).hex()}"
    async with worker(settings, world.folder, log, failpoint=failpoint) as process:
        yield process


async def killing(
    world: World, dice: random.Random, kills: int, meanwhile: Coroutine[Any, Any, None]
) -> None:
    """Kill one of two processes that run jobs, again and again; then deliver what is left."""
    async with storm(world, dice) as raging:
        for _ in range(2):
            await raging.begin("deliver")
        at_work = asyncio.create_task(meanwhile)
        for _ in range(kills):
            await raging.last(0.4)
            await raging.kill(dice.choice(raging.members))
        at_work.cancel()
        await asyncio.gather(at_work, return_exceptions=True)
    await balance(world)


async def balance(world: World) -> Ledger:
    """Deliver all that is left, without faults; return the balance of the ledger."""
    await world.end_leases()
    async with AsyncExitStack() as calm:
        if world.settings.events == "celery":
            await calm.enter_async_context(celery_worker(world))
        await calm.enter_async_context(world.container.engine().running())
        await until_nothing_is_left(world)
        await world.container.executor().finish()
    return await read_ledger(world.database, world.container.registry(), world.folder.read_book())


async def until_nothing_is_left(world: World) -> None:
    """Wait as long as there is progress: after a long storm there is much to deliver."""
    least, since = math.inf, time.monotonic()
    while not await is_settled(world):
        [row] = await world.fetch(_LEFT)
        if row["left"] < least:
            least, since = row["left"], time.monotonic()
        assert time.monotonic() - since < STUCK_SECONDS, f"{least} deliveries are stuck"
        await asyncio.sleep(0.05)
