"""How much one caller may have done at the same moment, where a single one can take long."""

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
    """Lets each caller have a few things done at once, in this process.

    Who asks for more waits for a turn, but not for long, and not in a long queue.
    """

    MOST_WAITING: Final = 20
    SECONDS: Final = 2.0

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._callers: dict[Hashable, _Caller] = {}

    async def acquire(self, whom: Hashable) -> None:
        """Return when it is the caller's turn; `release` has to follow. Raises TooManyRequests."""
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
        """Let the next one of the same caller begin."""
        caller = self._callers[whom]
        caller.free.release()
        self._leave(whom, caller)

    def _leave(self, whom: Hashable, caller: _Caller) -> None:
        caller.waiting -= 1
        if not caller.waiting:
            del self._callers[whom]
