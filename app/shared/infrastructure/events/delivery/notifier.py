"""A tap on the shoulder: there may be something to deliver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.core.resources import Resource


class Notifier(Resource):
    """Set by whoever published, waited for by the engine of the same process.

    Nothing depends on it but how soon an event is delivered.
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
        """Hear, while the block runs, of what is published elsewhere too: here, of nothing."""
        yield
