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
# Of a service below a path of its host: there is no prefix that has browsers check a path.
COOKIE_BELOW: Final = "__Secure-session"
SAFE_METHODS: Final = {"GET", "HEAD"}

_VALUE: Final = rb"=([\x21-\x3a\x3c-\x7e]*)"
_PRESENTED: Final = {
    name: re.compile(rb"(?:^|;)[ \t]*" + name.encode() + _VALUE) for name in (COOKIE, COOKIE_BELOW)
}


def cookie_name(root_path: str) -> str:
    """Return what the cookie is called; services below paths of one host must not share it."""
    return COOKIE_BELOW if root_path else COOKIE


def presented_cookie(headers: dict[bytes, bytes], root_path: str) -> str | None:
    """Return the value of the session's cookie. Two are none: which one was meant is unknown."""
    presented = _PRESENTED[cookie_name(root_path)].findall(headers.get(b"cookie", b""))
    return presented[0].decode() if len(presented) == 1 else None


@dataclass(frozen=True, slots=True)
class CookieAuthentication:
    """Knows callers by their cookie, and the origins whose pages may act with it."""

    authenticate: Authenticator
    origins: frozenset[bytes]
    root_path: str = ""

    async def actor(self, method: str, headers: dict[bytes, bytes]) -> Actor | None:
        """Return whose cookie it is, None without one.

        Raises Unauthenticated, and CrossOrigin for a change that another origin's page asks for.
        """
        presented = presented_cookie(headers, self.root_path)
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


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """Gives browsers the cookie of their session, and takes it away."""

    lasts: dt.timedelta
    root_path: str = ""

    def holding(self, value: str | None) -> dict[str, str]:
        """Return the header that gives a browser its cookie; none without a value."""
        return {"Set-Cookie": self._line(value, self.lasts)} if value is not None else {}

    def forgotten(self) -> dict[str, str]:
        """Return the headers that have a browser forget it, and what our pages keep there."""
        # Not "cookies": that would take those of every service below the same domain (ASVS 14.3.1).
        return {
            "Set-Cookie": self._line("", dt.timedelta()),
            "Clear-Site-Data": '"cache", "storage"',
        }

    def _line(self, value: str, lasts: dt.timedelta) -> str:
        attributes = f"Path={self.root_path or '/'}; Secure; HttpOnly; SameSite=Strict"
        name, age = cookie_name(self.root_path), int(lasts.total_seconds())
        return f"{name}={value}; Max-Age={age}; {attributes}"
