"""Browsers: the cookie that stands for a session, and whose pages may use it.

A browser adds a cookie to whatever any page makes it send. So what changes something has to come
from a page of ours: browsers say so in `Origin`, where no page can write (OWASP ASVS 3.5.1).
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

import structlog

from app.core.exceptions import CrossOrigin
from app.core.security import Actor, Authenticator, nobody

log = structlog.get_logger("security")

# The prefix has browsers take it only with Secure, for the whole of this host and no other.
COOKIE: Final = "__Host-session"
SAFE_METHODS: Final = {"GET", "HEAD"}

_PRESENTED: Final = re.compile(rb"(?:^|;)[ \t]*" + COOKIE.encode() + rb"=([\x21-\x3a\x3c-\x7e]*)")
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"


@dataclass(frozen=True, slots=True)
class Browsers:
    """Knows callers by their cookie, and the origins whose pages may act with it."""

    authenticate: Authenticator
    origins: frozenset[bytes]

    async def actor(self, method: str, headers: dict[bytes, bytes]) -> Actor | None:
        """Return whose cookie it is, None without one.

        Raises Unauthenticated, and CrossOrigin for a change that another origin's page asks for.
        """
        presented = _PRESENTED.findall(headers.get(b"cookie", b""))
        if len(presented) != 1:  # two are none: nobody knows which one the browser meant
            return None
        actor = await self.authenticate(presented[0].decode())
        if method not in SAFE_METHODS:
            self.check_origin(headers, actor)
        return actor

    def check_origin(self, headers: dict[bytes, bytes], actor: Actor | None = None) -> None:
        """Raise CrossOrigin unless the request says that it comes from a page of ours."""
        if headers.get(b"origin") not in self.origins:
            user_id = str(actor.user_id) if actor else None
            log.warning("cross-origin request refused", user_id=user_id)
            raise CrossOrigin


NO_BROWSERS: Final = Browsers(nobody, frozenset())
"""For a service that takes no cookies."""


def cookie_with(value: str, *, lasting: dt.timedelta) -> str:
    """Return the Set-Cookie that signs a browser in."""
    return f"{COOKIE}={value}; Max-Age={int(lasting.total_seconds())}; {_ATTRIBUTES}"


NO_COOKIE: Final = f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}"
"""The Set-Cookie that has a browser forget its session."""
