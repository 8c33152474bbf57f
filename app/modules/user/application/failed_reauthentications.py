"""Limits wrong passwords of signed-in users."""

from uuid import UUID

import structlog

from app.core.limits import Limit, Limiter, TooManyRequests
from app.modules.user.application.failed_sign_ins import WINDOW, FailureLimits

log = structlog.get_logger("security")


class FailedReauthentications:
    """Counts wrong passwords of signed-in users, for each session.

    Not for the account: attackers who guess at its sign-in would prevent the owner's change of
    password. The thief of a session has no more tries than at a sign-in.
    """

    def __init__(self, limiter: Limiter, limits: FailureLimits) -> None:
        self._limiter = limiter
        self._of_session = Limit("failures_of_session", limits.per_account, per=WINDOW)

    async def refuse_after_too_many(self, session_id: UUID) -> None:
        """Raise TooManyRequests if one more failure is not allowed; call it before and after."""
        try:
            await self._limiter.check(self._of_session, str(session_id))
        except TooManyRequests:
            log.warning("re-authentication limited", session_id=str(session_id))
            raise

    async def count(self, session_id: UUID) -> None:
        """Count a failure. Raises TooManyRequests over the limit; then answer nothing else."""
        await self._limiter.hit(self._of_session, str(session_id))
