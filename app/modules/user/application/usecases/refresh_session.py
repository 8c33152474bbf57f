"""Exchange a refresh token for a new pair."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from app.core.security import AccessTokens
from app.modules.user.application.dto import Exchange, TokenPair
from app.modules.user.domain.repositories import SessionRepository, UserUnitOfWork
from app.modules.user.domain.sessions import (
    InvalidRefreshToken,
    RefreshToken,
    Session,
    SessionLimits,
)
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class RefreshSession:
    """Rotate refresh tokens: each is used once, and a second use ends the session.

    A token that comes twice was copied (RFC 9700, section 4.14.2). The service cannot distinguish
    the owner from the thief, so both must sign in again. The exception is a repetition with the
    same idempotency key, soon after: the answer was lost, and is sent again. It was never stored:
    the next token is derived from the presented one, the caller's key and a key of ours, newest
    first.
    """

    REPEATED_WITHIN: Final = dt.timedelta(seconds=60)

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        tokens: AccessTokens,
        limits: SessionLimits,
        derived_with: Sequence[str],
        clock: Clock,
    ) -> None:
        self._uow, self._tokens, self._limits, self._clock = uow, tokens, limits, clock
        self._derived_with = derived_with

    async def execute(self, request: Exchange) -> TokenPair:
        session, successor = await self._rotate(request)
        if successor is None:
            log.warning("refresh token reused", session_id=str(session.id))
            raise InvalidRefreshToken
        return TokenPair(
            access_token=self._tokens.issue(user_id=session.user_id, session_id=session.id),
            refresh_token=successor.secret,
            expires_in=int(self._tokens.lifetime.total_seconds()),
        )

    async def _rotate(self, request: Exchange) -> tuple[Session, RefreshToken | None]:
        token, now = request.token, self._clock.now()
        repeat = token.fingerprint_with(request.repeat_key) if request.repeat_key else None
        async with self._uow() as uow:
            is_first_use = await uow.sessions.spend(token, now=now, repeat=repeat)
            session = await uow.sessions.of_token(token)
            if session is None or not session.is_live(now=now):
                raise InvalidRefreshToken
            if is_first_use:
                successor = self._successor(request)
                session.extend(limits=self._limits, now=now)
                await uow.sessions.continue_with(session, successor)
            elif given := await self._given_before(request, uow.sessions, now):
                return session, given
            else:
                successor = None
                await uow.sessions.revoke(session.id, now=now)
            # Committed in both cases: the answer may be an error, but the revocation must be
            # stored.
            await uow.commit()
        return session, successor

    def _successor(self, request: Exchange) -> RefreshToken:
        if request.repeat_key is None:
            return RefreshToken.make()
        return request.token.successor(request.repeat_key, derived_with=self._derived_with[0])

    async def _given_before(
        self, request: Exchange, sessions: SessionRepository, now: dt.datetime
    ) -> RefreshToken | None:
        """Return the recent answer to the same request, if there was one."""
        token, key = request.token, request.repeat_key
        if key is None or not await sessions.may_repeat(
            token, repeat=token.fingerprint_with(key), since=now - self.REPEATED_WITHIN
        ):
            return None
        for ours in self._derived_with:
            given = token.successor(key, derived_with=ours)
            if await sessions.has(given):
                return given
        return None
