"""Issue tokens for a password or a refresh token."""

from typing import Final

from app.core.limits import MINUTE, Limit, Limiter, hit_by_client
from app.modules.user.application.dto import Credentials, Exchange, TokenPair
from app.modules.user.application.usecases.refresh_session import RefreshSession
from app.modules.user.application.usecases.sign_in import SignIn

# For one client address. Wrong passwords are also counted by FailedSignIns.
SIGN_INS: Final = Limit("sign_in", 100, per=5 * MINUTE)
REFRESHES: Final = Limit("refresh", 300, per=5 * MINUTE)


class IssueTokens:
    """Sign in with a password, or refresh a session: each counts in its own limit.

    Both use one address, so its route cannot count them: it does not know which one it is.
    """

    def __init__(self, *, sign_in: SignIn, refresh: RefreshSession, limiter: Limiter) -> None:
        self._sign_in, self._refresh, self._limiter = sign_in, refresh, limiter

    async def execute(self, request: Credentials | Exchange) -> TokenPair:
        """Return the tokens. Raises TooManyRequests, and the errors of either use case."""
        if isinstance(request, Exchange):
            await hit_by_client(self._limiter, REFRESHES)
            return await self._refresh.execute(request)
        await hit_by_client(self._limiter, SIGN_INS)
        return await self._sign_in.execute(request)
