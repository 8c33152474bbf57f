"""Password hashing: argon2id, off the event loop, with limited threads and waiting."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, ParamSpec, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.admission import overloaded
from app.core.exceptions import Overloaded
from app.core.identity.time_equalizer import TimeEqualizer
from app.core.resources import Resource
from app.core.wait_budget import WaitBudget

P = ParamSpec("P")
R = TypeVar("R")


class PasswordHasher(Resource):
    """Hashes and verifies passwords.

    The parameters are OWASP's (argon2id, 19 MiB, 2 passes, 1 lane). Hashes run on all cores but
    one, and a limited number waits. Beyond it Overloaded is raised at once: a flood of sign-ins
    must not use up the memory or delay other answers. Priorities of threads are not enough: when
    the event loop pauses, Linux may run a hash of any priority in its place, until the next tick 1
    to 10 ms later.

    Checking a password takes as long for an unknown account, and for a hash of weaker parameters.
    """

    # For each thread: about three seconds of waiting. A refused client comes back, which costs
    # more.
    WAITING: Final = 100
    LONGEST_WAIT: Final = 4.0
    """How many seconds a caller waits for its hash to begin; then Overloaded is raised."""
    LONGEST_QUEUE: Final = 1.0
    """How many seconds of work may wait for each thread; then Overloaded is raised at once."""

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
        # one waits ready for the next free thread
        self._free = asyncio.Semaphore(self._threads + 1)
        self._equalizer = TimeEqualizer()
        began = time.perf_counter()
        with self._equalizer.measured():
            self._dummy_hash = self._hash.hash("the password of nobody at all")
        self._seconds_of_hash = time.perf_counter() - began

    @property
    def _most(self) -> int:
        return self._threads * (1 + self.WAITING)

    @property
    def _seconds_of_queue(self) -> float:
        return self._slots * self._seconds_of_hash / self._threads

    @asynccontextmanager
    async def slot(self, budget: WaitBudget) -> AsyncIterator[None]:
        """Hold one of the limited places: for the hash, and for the database query before it.

        Raises Overloaded if all are taken, so that a sign-in that gets no hash causes no query. A
        caller waits here until its hash is running or next. Only then does it run its query, for a
        limited time: otherwise a database that hangs would delay each of the waiting callers in
        turn. One caller enters in each turn of the event loop, so that hundreds at once leave time
        for other requests.
        """
        async with self._queue:
            await asyncio.sleep(0)
        if self._slots >= self._most or self._seconds_of_queue > self.LONGEST_QUEUE:
            raise overloaded("password")
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
        """Return a hash to store; it contains its parameters and salt."""
        return await self._run(self._hash.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Return whether the password is right.

        Without a stored hash it takes as long, and the result is False. Parameters weaker than
        today's are not visible in the time either; only stronger ones take longer.
        """
        is_right = await self._run(self._verify, password, stored or self._dummy_hash)
        return is_right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Return whether the hash has other parameters than today's."""
        try:
            return self._hash.current_hasher.check_needs_rehash(stored)
        except ValueError:  # it is not a hash
            return True

    async def close(self) -> None:
        """Accept no more work."""
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
        is_typical, began = not self.is_outdated(stored), time.perf_counter()
        with self._equalizer.measured() if is_typical else self._equalizer.equalized():
            try:
                return self._hash.verify(password, stored)
            except UnknownHashError:
                return False
            finally:
                taken = time.perf_counter() - began
                self._seconds_of_hash += (taken - self._seconds_of_hash) / 8


def _step_aside() -> None:
    """Lower the thread's priority, so that a flood of sign-ins does not delay other requests.

    Only on Linux does a thread have its own priority.
    """
    if sys.platform == "linux":
        os.nice(10)  # on Linux it is the thread's own, relative to the service's
