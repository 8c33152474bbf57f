"""Processes at work, of which some come to a bad end."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tests.support.ledger import Ledger, read_ledger
from tests.support.probe.child import Child, child
from tests.support.probe.shapes import is_settled
from tests.support.probe.world import World, until

DRAIN_SECONDS: Final = 120  # the limit after which what is not done counts as stuck


@dataclass
class Member:
    """What a process of the storm does, and the process that does it at the moment."""

    orders: tuple[str, ...]
    process: Child
    stack: AsyncExitStack


class Storm:
    """Keeps processes going: each that ends is followed by another with the same orders."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world, self._dice = world, dice
        self.members: list[Member] = []

    async def begin(self, *orders: str, failpoint: str = "", sabotage: str = "") -> Member:
        """Start a process with its orders; what is to go wrong is for this one alone."""
        stack = AsyncExitStack()
        process = await stack.enter_async_context(
            child(
                self._world.settings,
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

    async def kill_one(self) -> None:
        """End any of them at once, and have it followed."""
        await self.kill(self._dice.choice(self.members))

    async def kill(self, member: Member) -> None:
        await member.process.kill()
        await self.follow(member)

    async def follow(self, ended: Member) -> None:
        """Put another in the place of one that is gone."""
        self.members.remove(ended)
        await ended.stack.aclose()
        await self.begin(*ended.orders)

    async def last(self, longest: float) -> None:
        """Let it rage for a while."""
        await asyncio.sleep(self._dice.uniform(0, longest))

    async def end(self) -> None:
        for member in self.members:
            await member.stack.aclose()
        self.members.clear()


@asynccontextmanager
async def storm(world: World, dice: random.Random) -> AsyncIterator[Storm]:
    """A storm that is over at the end of the block."""
    raging = Storm(world, dice)
    try:
        yield raging
    finally:
        await raging.end()


async def balance(world: World) -> Ledger:
    """Deliver all that is left, calmly; return what is in the books then."""
    await world.end_leases()
    async with world.container.engine().running():
        await until(lambda: is_settled(world), patience=DRAIN_SECONDS)
        await world.container.executor().finish()
    return await read_ledger(world.database, world.container.registry(), world.folder.read_book())
