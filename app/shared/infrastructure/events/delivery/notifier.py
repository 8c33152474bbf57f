"""The signal that there may be something to deliver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.core.resources import Resource


class Notifier(Resource):
    """Set by the publisher of an event; the engine of the same process waits for it.

    It only affects how soon an event is delivered.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return when it is set, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While the block runs, receive news of what is published elsewhere too: here, none."""
        yield
