"""Password hashing: argon2id, off the event loop, bounded in threads and in waiting."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, ParamSpec, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.exceptions import Overloaded
from app.core.identity.time_equalizer import TimeEqualizer
from app.core.resources import Resource
from app.core.wait_budget import WaitBudget

P = ParamSpec("P")
R = TypeVar("R")


class PasswordHasher(Resource):
    """Hashes and verifies passwords.

    The parameters are OWASP's (argon2id, 19 MiB, 2 passes, 1 lane). Hashes run on all cores but
    one, and a bounded number waits: beyond it Overloaded is raised at once, because a flood of
    logins must cost neither the memory nor the answers of everybody else. Priorities do not do for
    these: where the event loop gives way for a moment, Linux may put a hash in its place, of
    whatever priority, and looks again at the next tick, 1 to 10 ms later.

    A check takes as long for an account that nobody has, and for a hash of weaker parameters.
    """

    # For each thread: about three seconds. Who is refused comes back, and costs more than waiting.
    WAITING: Final = 100
    LONGEST_WAIT: Final = 4.0
    """How many seconds somebody waits for a hash to begin; then Overloaded is raised."""

    def __init__(self, *, memory_kib: int = 19_456, passes: int = 2) -> None:
        self._hash = PasswordHash(
            (Argon2Hasher(memory_cost=memory_kib, time_cost=passes, parallelism=1),)
        )
        self._threads = max(1, (os.cpu_count() or 1) - 1)
        self._executor = ThreadPoolExecutor(
            self._threads, thread_name_prefix="password", initializer=_step_aside
        )
        self._slots = self._running = 0
        self._queue = asyncio.Lock()
        self._next = asyncio.Semaphore(self._threads + 1)
        self._free = asyncio.Semaphore(self._threads + 1)  # one is ready when a thread becomes free
        self._equalizer = TimeEqualizer()
        with self._equalizer.measured():
            self._dummy_hash = self._hash.hash("the password of nobody at all")

    @property
    def _most(self) -> int:
        return self._threads * (1 + self.WAITING)

    @asynccontextmanager
    async def slot(self, budget: WaitBudget) -> AsyncIterator[None]:
        """Hold a place among those who get a hash, during what has to come before it too.

        Whoever will not get one shall cost no look into the database either: raises Overloaded.
        Whoever will waits here until it is their turn, or they are next, and has that look then, of
        a bounded time: those behind would wait for a database that hangs once for each before them.
        Each comes in with a turn of the event loop, so that hundreds at once leave others theirs.
        """
        async with self._queue:
            await asyncio.sleep(0)
        if self._slots >= self._most:
            raise Overloaded
        self._slots += 1
        try:
            async with budget.waiting():
                await self._next.acquire()
            try:
                yield
            finally:
                self._next.release()
        finally:
            self._slots -= 1

    async def hash(self, password: str) -> str:
        """Return a hash to store, with its parameters and salt inside."""
        return await self._run(self._hash.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether the password is right.

        Without a stored hash it takes as long, and the answer is no. Neither does the time tell of
        weaker parameters than today's; only stronger ones take their own time.
        """
        is_right = await self._run(self._verify, password, stored or self._dummy_hash)
        return is_right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether the hash has other parameters than those of today."""
        try:
            return self._hash.current_hasher.check_needs_rehash(stored)
        except ValueError:  # it is none at all
            return True

    async def close(self) -> None:
        """Let no more work in."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._running >= self._most:
            raise Overloaded
        self._running += 1
        try:
            async with WaitBudget(self.LONGEST_WAIT).waiting():
                await self._free.acquire()
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._executor, partial(work, *args, **kwargs))
            finally:
                self._free.release()
        finally:
            self._running -= 1

    def _verify(self, password: str, stored: str) -> bool:
        is_typical = not self.is_outdated(stored)
        with self._equalizer.measured() if is_typical else self._equalizer.equalized():
            try:
                return self._hash.verify(password, stored)
            except UnknownHashError:
                return False


def _step_aside() -> None:
    """Let requests go before hashes: a flood of sign-ins must not slow everybody down.

    Only on Linux does a thread have a priority of its own.
    """
    if sys.platform == "linux":
        os.nice(10)  # there it is the thread's own, and relative to what the service has
