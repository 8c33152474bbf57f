"""Exchange a refresh token for a new pair."""

from collections.abc import Callable

import structlog

from app.core.security import AccessTokens
from app.modules.user.application.dto import TokenPair
from app.modules.user.domain.entities import (
    InvalidRefreshToken,
    RefreshToken,
    Session,
    SessionLimits,
)
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class RefreshSession:
    """Rotate: the presented token is spent, and whoever presents it again ends the session.

    A token that comes twice was copied (RFC 9700, section 4.14.2), and nobody can tell the owner
    from the thief, so both have to sign in again.
    """

    def __init__(
        self,
        uow: Callable[[], UserUnitOfWork],
        tokens: AccessTokens,
        limits: SessionLimits,
        clock: Clock,
    ) -> None:
        self._uow, self._tokens, self._limits, self._clock = uow, tokens, limits, clock

    async def execute(self, request: RefreshToken) -> TokenPair:
        session, successor = await self._rotate(request)
        if successor is None:
            raise InvalidRefreshToken
        return TokenPair(
            access_token=self._tokens.issue(user_id=session.user_id, session_id=session.id),
            refresh_token=successor.secret,
            expires_in=int(self._tokens.lifetime.total_seconds()),
        )

    async def _rotate(self, token: RefreshToken) -> tuple[Session, RefreshToken | None]:
        now = self._clock.now()
        async with self._uow() as uow:
            is_first_use = await uow.sessions.spend(token, now=now)
            session = await uow.sessions.of_token(token)
            if session is None or not session.is_live(now=now):
                raise InvalidRefreshToken
            successor = RefreshToken.make() if is_first_use else None
            if successor is not None:
                session.extend(limits=self._limits, now=now)
                await uow.sessions.continue_with(session, successor)
            else:
                log.warning("refresh token reused", session_id=str(session.id))
                await uow.sessions.revoke(session.id, now=now)
            # Committed in both cases: the answer may be an error, the revocation must last.
            await uow.commit()
        return session, successor
