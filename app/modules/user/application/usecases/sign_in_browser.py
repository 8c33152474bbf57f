"""Sign in a browser with an address and a password."""

from app.modules.user.application.dto import BrowserSignIn
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.sign_in import SignIn
from app.modules.user.domain.sessions import SessionCookie


class SignInBrowser:
    """Start a session of a browser: it has one cookie, which scripts cannot read, and no token.

    The cookie replaces the previous one, whose session ends (OWASP ASVS 7.2.4).
    """

    def __init__(self, sign_in: SignIn, authenticate: Authenticate) -> None:
        self._sign_in, self._authenticate = sign_in, authenticate

    async def execute(self, request: BrowserSignIn) -> str:
        """Return the value of the cookie."""
        secret = SessionCookie.make_secret()
        replaced = SessionCookie.parse(request.cookie or "")
        session = await self._sign_in.start(
            request.credentials,
            None,
            cookie=SessionCookie.fingerprint_of(secret),
            replaced=replaced,
        )
        if replaced is not None:
            self._authenticate.forget(replaced.session_id)
        return SessionCookie(session.id, secret).value
