"""List and end one's own sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from app.core.security import Actor
from app.modules.user.application.dto import SessionView
from app.modules.user.application.readers import SessionReader
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionNotFound
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSession:
    owner: Actor
    session_id: UUID


class ListSessions:
    """Return the active sessions of an account."""

    def __init__(self, reader: SessionReader, clock: Clock) -> None:
        self._reader, self._clock = reader, clock

    async def execute(self, request: Actor) -> list[SessionView]:
        return await self._reader.sessions(
            request.user_id, now=self._clock.now(), current=request.session_id
        )


class EndSession:
    """End one session: its tokens and its cookie are refused within a second in every process."""

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], authenticate: Authenticate, clock: Clock
    ) -> None:
        self._uow, self._authenticate, self._clock = uow, authenticate, clock

    async def execute(self, request: OneSession) -> None:
        user_id, now = request.owner.user_id, self._clock.now()
        async with self._uow() as uow:
            if not await uow.sessions.revoke_of(user_id, request.session_id, now=now):
                raise SessionNotFound
            await uow.commit()
        self._authenticate.forget(request.session_id)
        log.info("session ended", user_id=str(user_id), session_id=str(request.session_id))


class EndOtherSessions:
    """End all sessions of an account except the current one."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: Actor) -> None:
        async with self._uow() as uow:
            await uow.sessions.revoke_all(
                request.user_id, now=self._clock.now(), but=request.session_id
            )
            await uow.commit()
        log.info("other sessions ended", user_id=str(request.user_id), kept=str(request.session_id))
