"""Limits how many slow operations one caller may run at the same time."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from app.core.limits import TooManyRequests


@dataclass(slots=True)
class _Caller:
    free: asyncio.Semaphore
    waiting: int = 0


class ConcurrencyLimit:
    """Lets each caller run a few operations at the same time, in this process.

    A further one waits for a short time in a short queue.
    """

    MOST_WAITING: Final = 20
    SECONDS: Final = 2.0

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._callers: dict[Hashable, _Caller] = {}

    async def acquire(self, whom: Hashable) -> None:
        """Return when it is the caller's turn; then call `release`. Raises TooManyRequests."""
        caller = self._callers.get(whom)
        if caller is None:
            caller = self._callers[whom] = _Caller(asyncio.Semaphore(self._at_once))
        elif caller.waiting >= self.MOST_WAITING:
            raise TooManyRequests
        caller.waiting += 1
        try:
            if caller.free.locked():
                async with asyncio.timeout(self.SECONDS):
                    await caller.free.acquire()
            else:
                await caller.free.acquire()
        except BaseException as error:
            self._leave(whom, caller)
            if isinstance(error, TimeoutError):
                raise TooManyRequests from None
            raise

    def release(self, whom: Hashable) -> None:
        """Start the next waiting operation of the same caller."""
        caller = self._callers[whom]
        caller.free.release()
        self._leave(whom, caller)

    def _leave(self, whom: Hashable, caller: _Caller) -> None:
        caller.waiting -= 1
        if not caller.waiting:
            del self._callers[whom]
