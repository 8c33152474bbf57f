"""The total time that one operation may wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.exceptions import Overloaded


class WaitBudget:
    """The seconds for all waits of an operation together. The time of its work does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait inside of the block. Raises Overloaded when no time is left."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(self._left) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise Overloaded from None
        finally:
            self._left -= loop.time() - started
