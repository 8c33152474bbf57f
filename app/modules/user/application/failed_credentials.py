"""Limits how often a client may present unknown credentials before they are refused unread."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar
from uuid import UUID

from app.core.context import current_work
from app.core.exceptions import Unauthenticated
from app.core.limits import MINUTE, Limit, Limiter, TooManyRequests

Found = TypeVar("Found")

OF_CLIENT: Final = Limit("failed_credentials", 300, per=MINUTE)
OF_SESSION: Final = Limit("failed_sessions", 300, per=MINUTE)


class FailedCredentials:
    """Limits the database queries for unknown credentials.

    A credential that a client can invent counts for the client. One that we signed counts for its
    session, which must not be refused because others at the same address present unknown ones. A
    credential that was accepted in this process before is not limited at all.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def of_client(self, look_up: Callable[[], Awaitable[Found]]) -> Found:
        """Return what was found. Raises TooManyRequests, and the errors of the lookup."""
        return await self._count(OF_CLIENT.for_client(current_work.get().client), look_up)

    async def of_session(self, session_id: UUID, look_up: Callable[[], Awaitable[Found]]) -> Found:
        """Return what was found. Raises TooManyRequests, and the errors of the lookup."""
        return await self._count([(OF_SESSION, str(session_id))], look_up)

    async def _count(
        self, counters: list[tuple[Limit, str]], look_up: Callable[[], Awaitable[Found]]
    ) -> Found:
        for limit, whom in counters:
            await self._limiter.check(limit, whom)
        try:
            return await look_up()
        except Unauthenticated:
            # other requests were faster; this one was looked up already
            with suppress(TooManyRequests):
                for limit, whom in counters:
                    await self._limiter.hit(limit, whom)
            raise
