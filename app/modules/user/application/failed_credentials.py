"""How often somebody may present what is nobody's, before it is not even looked up."""

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
    """Bounds the look-ups of credentials that turn out to be nobody's.

    What a client may have made up is counted for the client. What we signed is counted for its
    session: it must not be refused for what strangers at the same address present. Neither must
    what was good in this process before, which is looked up without asking here.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def of_client(self, look_up: Callable[[], Awaitable[Found]]) -> Found:
        """Return what is found. Raises TooManyRequests, and what the look-up raises."""
        return await self._count(OF_CLIENT.for_client(current_work.get().client), look_up)

    async def of_session(self, session_id: UUID, look_up: Callable[[], Awaitable[Found]]) -> Found:
        """Return what is found. Raises TooManyRequests, and what the look-up raises."""
        return await self._count([(OF_SESSION, str(session_id))], look_up)

    async def _count(
        self, counters: list[tuple[Limit, str]], look_up: Callable[[], Awaitable[Found]]
    ) -> Found:
        for limit, whom in counters:
            await self._limiter.check(limit, whom)
        try:
            return await look_up()
        except Unauthenticated:
            with suppress(TooManyRequests):  # others were faster; this one was looked up already
                for limit, whom in counters:
                    await self._limiter.hit(limit, whom)
            raise
