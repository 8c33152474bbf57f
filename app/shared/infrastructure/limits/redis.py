"""Limits that all processes share, in Redis; and what applies while it is unavailable."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.limits import Limit, TooManyRequests
from app.core.resources import Resource
from app.shared.application.http import CircuitOpen
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.limits.local import LocalLimiter

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

LONGEST_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 10.0
HALF: Final = 0.5
CONNECTIONS: Final = 8
_REDIS: Final = "redis"


class _Away(Exception):
    """Redis does not answer, or is not asked right now."""


class RedisLimiter(Resource):
    """Moving windows in Redis: each hit is one script, so concurrent hits are all counted.

    While Redis is unavailable each process counts for itself, and allows half as much.
    """

    def __init__(self, url: str, *, prefix: str) -> None:
        # Few connections, and callers wait for them: opening many at once would be too slow.
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=LONGEST_SECONDS,
            retry=Retry(NoBackoff(), 0),  # the default tries again and again
            socket_connect_timeout=LONGEST_SECONDS,
            socket_timeout=LONGEST_SECONDS,
        )
        storage = RedisStorage(
            "async+redis://",  # the pool has the address
            implementation="redispy",
            key_prefix=prefix,
            connection_pool=self._pool,  # type: ignore[arg-type]  # handed on to redis as it is
        )
        self._windows = MovingWindowRateLimiter(storage)
        self._alone = LocalLimiter(HALF)
        self._breaker = CircuitBreaker(
            tolerated=1, pause=PAUSE_SECONDS, longest_pause=LONGEST_PAUSE_SECONDS
        )
        self._is_away = False

    async def hit(self, limit: Limit, whom: str, /) -> None:
        try:
            is_free = await self._ask(lambda: self._windows.hit(_item(limit), whom))
        except _Away:
            await self._alone.hit(limit, whom)
            return
        if not is_free:
            await self._refuse(limit, whom)

    async def check(self, limit: Limit, whom: str, /) -> None:
        try:
            is_free = await self._ask(lambda: self._windows.test(_item(limit), whom))
        except _Away:
            await self._alone.check(limit, whom)
            return
        if not is_free:
            await self._refuse(limit, whom)

    async def counted(self, limit: Limit, whom: str, /) -> int:
        try:
            window = await self._ask(lambda: self._windows.get_window_stats(_item(limit), whom))
        except _Away:
            return await self._alone.counted(limit, whom)
        return limit.amount - window.remaining

    async def forget(self, limit: Limit, whom: str, /) -> None:
        await self._alone.forget(limit, whom)
        try:
            await self._ask(lambda: self._windows.clear(_item(limit), whom))
        except _Away:
            return

    async def close(self) -> None:
        await self._alone.close()
        await self._pool.aclose()

    async def _refuse(self, limit: Limit, whom: str) -> None:
        try:
            window = await self._ask(lambda: self._windows.get_window_stats(_item(limit), whom))
        except _Away:
            raise TooManyRequests(after=limit.per) from None
        raise TooManyRequests(after=window.reset_time - time.time())

    async def _ask(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        try:
            self._breaker.admit(_REDIS)
        except CircuitOpen:
            raise _Away from None
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                answer = await ask()
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self._breaker.failed(_REDIS)
            self._note(error)
            raise _Away from error
        self._breaker.succeeded(_REDIS)
        self._note(None)
        return answer

    def _note(self, error: Exception | None) -> None:
        """Log the start and the end of each outage."""
        if error and not self._is_away:
            log.warning("limits are counted by this process alone", reason=type(error).__name__)
        elif self._is_away and not error:
            log.info("limits are shared again")
        self._is_away = error is not None


def _item(limit: Limit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(limit.amount, limit.per, namespace=limit.name)
