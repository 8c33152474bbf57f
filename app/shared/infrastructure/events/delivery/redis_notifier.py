"""The wake between processes: a message on a Redis channel, without any guarantee."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.shared.infrastructure.events.delivery.notifier import Notifier

log = structlog.get_logger(__name__)

COALESCED_SECONDS: Final = 0.01
LONGEST_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 1.0


class RedisNotifier(Notifier):
    """Wakes the engines of all processes that listen on the same channel.

    Publishing happens in the background, at most once in `COALESCED_SECONDS`. A process that
    commits does not wait for it, and gets no error when Redis is down. Redis is then left alone for
    a while. The engines still find deliveries by asking the database, as always.
    """

    def __init__(self, url: str, *, channel: str) -> None:
        super().__init__()
        self._channel = channel
        once = Retry(NoBackoff(), 0)  # by default it tries again and again
        self._speaker = Redis.from_url(
            url, retry=once, socket_connect_timeout=LONGEST_SECONDS, socket_timeout=LONGEST_SECONDS
        )
        self._listener = Redis.from_url(
            url, retry=once, socket_connect_timeout=PAUSE_SECONDS, socket_timeout=None
        )
        self._is_awaited = self._is_away = False
        self._left_alone_until = 0.0
        self._speaking: asyncio.Task[None] | None = None

    def notify(self) -> None:
        super().notify()
        self._is_awaited = True
        if self._speaking is None and time.monotonic() >= self._left_alone_until:
            self._speaking = asyncio.create_task(self._speak())
            self._speaking.add_done_callback(self._spoken)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While the block runs and Redis is available, receive news of what others publish."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Send what is still to be sent, and close the connections."""
        if self._speaking is not None:
            await asyncio.gather(self._speaking, return_exceptions=True)
        await self._speaker.aclose()
        await self._listener.aclose()

    async def _speak(self) -> None:
        while self._is_awaited:
            self._is_awaited = False
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    await self._speaker.publish(self._channel, b"")
            except (RedisError, OSError) as error:
                self._left_alone_until = time.monotonic() + PAUSE_SECONDS
                self._note(error)
                return
            self._note(None)
            await asyncio.sleep(COALESCED_SECONDS)

    def _spoken(self, _task: asyncio.Task[None]) -> None:
        self._speaking = None

    async def _listen(self) -> None:
        while True:
            try:
                async with self._listener.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(self._channel)
                    self._note(None)
                    super().notify()  # for messages that were sent while no process listened
                    async for _ in channel.listen():
                        super().notify()
            except (RedisError, OSError) as error:
                self._note(error)
            await asyncio.sleep(PAUSE_SECONDS)

    def _note(self, error: Exception | None) -> None:
        """Log each outage once, and its end."""
        if error and not self._is_away:
            log.warning("notifications fail", reason=type(error).__name__)
        elif self._is_away and not error:
            log.info("notifications work again")
        self._is_away = error is not None
