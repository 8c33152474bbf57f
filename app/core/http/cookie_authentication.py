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
from app.core.security import Actor, Authenticator, reject_all

log = structlog.get_logger("security")

# The prefix has browsers take it only with Secure, for the whole of this host and no other.
COOKIE: Final = "__Host-session"
SAFE_METHODS: Final = {"GET", "HEAD"}

_PRESENTED: Final = re.compile(rb"(?:^|;)[ \t]*" + COOKIE.encode() + rb"=([\x21-\x3a\x3c-\x7e]*)")
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"


def presented_cookie(headers: dict[bytes, bytes]) -> str | None:
    """Return the value of the session's cookie. Two are none: which one was meant is unknown."""
    presented = _PRESENTED.findall(headers.get(b"cookie", b""))
    return presented[0].decode() if len(presented) == 1 else None


@dataclass(frozen=True, slots=True)
class CookieAuthentication:
    """Knows callers by their cookie, and the origins whose pages may act with it."""

    authenticate: Authenticator
    origins: frozenset[bytes]

    async def actor(self, method: str, headers: dict[bytes, bytes]) -> Actor | None:
        """Return whose cookie it is, None without one.

        Raises Unauthenticated, and CrossOrigin for a change that another origin's page asks for.
        """
        presented = presented_cookie(headers)
        if presented is None:
            return None
        actor = await self.authenticate(presented)
        if method not in SAFE_METHODS:
            self.check_origin(headers, actor)
        return actor

    def check_origin(self, headers: dict[bytes, bytes], actor: Actor | None = None) -> None:
        """Raise CrossOrigin unless the request says that it comes from a page of ours."""
        if headers.get(b"origin") not in self.origins:
            user_id = str(actor.user_id) if actor else None
            log.warning("cross-origin request refused", user_id=user_id)
            raise CrossOrigin


NO_COOKIES: Final = CookieAuthentication(reject_all, frozenset())
"""For a service that takes no cookies."""


def cookie_with(value: str | None, *, lasting: dt.timedelta) -> dict[str, str]:
    """Return the header that gives a browser its cookie; none without a value."""
    if value is None:
        return {}
    age = int(lasting.total_seconds())
    return {"Set-Cookie": f"{COOKIE}={value}; Max-Age={age}; {_ATTRIBUTES}"}


# Not "cookies": that would take those of every service below the same domain (ASVS 14.3.1).
FORGET_ALL: Final = {
    "Set-Cookie": f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}",
    "Clear-Site-Data": '"cache", "storage"',
}
"""The headers that have a browser forget its session, and what our pages keep of it."""
