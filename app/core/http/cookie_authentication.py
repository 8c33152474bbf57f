"""Authentication of browsers: the session's cookie, and the pages that may use it.

A browser adds a cookie to each request to us, whichever page causes it. So a request that changes
something must come from our own page. Browsers say so in `Origin`, which no page can forge (OWASP
ASVS 3.5.1).
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

import structlog

from app.core.exceptions import CrossOrigin
from app.core.security import Actor, Authenticator, reject_all

log = structlog.get_logger("security")

# With this prefix browsers accept the cookie only with Secure, and for exactly this host.
COOKIE: Final = "__Host-session"
# The prefix for a service below a path: no prefix makes browsers check a path.
COOKIE_BELOW: Final = "__Secure-session"
SAFE_METHODS: Final = {"GET", "HEAD"}

_VALUE: Final = rb"=([\x21-\x3a\x3c-\x7e]*)"
_PRESENTED: Final = {
    name: re.compile(rb"(?:^|;)[ \t]*" + name.encode() + _VALUE) for name in (COOKIE, COOKIE_BELOW)
}


def cookie_name(root_path: str) -> str:
    """Return the cookie's name; services below paths of one host must not share it."""
    return COOKIE_BELOW if root_path else COOKIE


def presented_cookie(headers: dict[bytes, bytes], root_path: str) -> str | None:
    """Return the session cookie's value. Two cookies count as none, since they may differ."""
    presented = _PRESENTED[cookie_name(root_path)].findall(headers.get(b"cookie", b""))
    return presented[0].decode() if len(presented) == 1 else None


@dataclass(frozen=True, slots=True)
class CookieAuthentication:
    """Identifies callers by their cookie, and knows the origins whose pages may use it."""

    authenticate: Authenticator
    origins: frozenset[bytes]
    root_path: str = ""

    async def actor(self, method: str, headers: dict[bytes, bytes]) -> Actor | None:
        """Return the cookie's actor, or None without a cookie.

        Raises Unauthenticated, and CrossOrigin for a change from another origin's page.
        """
        presented = presented_cookie(headers, self.root_path)
        if presented is None:
            return None
        actor = await self.authenticate(presented)
        if method not in SAFE_METHODS:
            self.check_origin(headers, actor)
        return actor

    def check_origin(self, headers: dict[bytes, bytes], actor: Actor | None = None) -> None:
        """Raise CrossOrigin unless the request comes from a page of ours."""
        if headers.get(b"origin") not in self.origins:
            user_id = str(actor.user_id) if actor else None
            log.warning("cross-origin request refused", user_id=user_id)
            raise CrossOrigin


NO_COOKIES: Final = CookieAuthentication(reject_all, frozenset())
"""For a service that accepts no cookies."""


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """Sets and removes the session's cookie."""

    lasts: dt.timedelta
    root_path: str = ""

    def holding(self, value: str | None) -> dict[str, str]:
        """Return the header that sets the cookie; none without a value."""
        return {"Set-Cookie": self._line(value, self.lasts)} if value is not None else {}

    def forgotten(self) -> dict[str, str]:
        """Return the headers that delete the cookie and the data that our pages stored."""
        # Not "cookies": that would delete those of all services below the same domain (ASVS
        # 14.3.1).
        return {
            "Set-Cookie": self._line("", dt.timedelta()),
            "Clear-Site-Data": '"cache", "storage"',
        }

    def _line(self, value: str, lasts: dt.timedelta) -> str:
        attributes = f"Path={self.root_path or '/'}; Secure; HttpOnly; SameSite=Strict"
        name, age = cookie_name(self.root_path), int(lasts.total_seconds())
        return f"{name}={value}; Max-Age={age}; {attributes}"
