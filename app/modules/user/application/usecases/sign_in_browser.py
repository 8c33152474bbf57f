"""Sign a browser in with an address and a password."""

from app.modules.user.application.dto import Credentials
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.domain.sessions import SessionCookie


class SignInBrowser:
    """Start a session of a browser: it holds one cookie, which no script can read, and no token."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def execute(self, request: Credentials) -> str:
        """Return the value of the cookie."""
        secret = SessionCookie.make_secret()
        fingerprint = SessionCookie.fingerprint_of(secret)
        session = await self._sign_in.start(request, None, cookie=fingerprint)
        return SessionCookie(session.id, secret).value
