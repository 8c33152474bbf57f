"""Who calls, what a route demands, and the tokens that connect the two."""

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import jwt
from uuid_utils.compat import uuid7

from app.core.exceptions import Forbidden, Unauthenticated


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever a request, or a job, acts for."""

    user_id: UUID
    session_id: UUID
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands of its caller. Every route names one; there is no default."""

    name: str
    is_public: bool = False
    permission: str | None = None

    def check(self, actor: Actor) -> None:
        """Raise Forbidden unless the actor may pass."""
        if self.permission is not None and self.permission not in actor.permissions:
            raise Forbidden


PUBLIC: Final = Access("public", is_public=True)
AUTHENTICATED: Final = Access("authenticated")


def scope(permission: str) -> Access:
    """Demand a permission, such as `task:write`."""
    return Access(permission, permission=permission)


class Authenticator(Protocol):
    """Turns a presented access token into the actor behind it, or raises Unauthenticated."""

    async def __call__(self, token: str, /) -> Actor: ...


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified access token says."""

    user_id: UUID
    session_id: UUID
    expires_at: float


class AccessTokens:
    """Issues and verifies access tokens: JWTs (RFC 7519) under the rules of RFC 8725.

    One algorithm, all claims required, a type of their own (`at+jwt`, RFC 9068). A verified
    token is remembered until it expires: verifying costs more than all else in a short request.
    """

    TYPE: Final = "at+jwt"
    CLAIMS: Final = ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"]
    LEEWAY: Final = dt.timedelta(seconds=30)
    REMEMBERED: Final = 10_000

    def __init__(
        self,
        *,
        key: str,
        algorithm: str,
        issuer: str,
        lifetime: dt.timedelta,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._key, self._algorithm, self._issuer = key, algorithm, issuer
        self._lifetime, self._now = lifetime, now
        self._verified: OrderedDict[str, AccessClaims] = OrderedDict()

    @property
    def lifetime(self) -> dt.timedelta:
        return self._lifetime

    def issue(self, *, user_id: UUID, session_id: UUID) -> str:
        """Return a token that proves, for one lifetime, that this session is this user's."""
        now = self._now()
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(uuid7()),
            "iat": now,
            "nbf": now,
            "exp": now + self._lifetime,
        }
        return jwt.encode(claims, self._key, self._algorithm, headers={"typ": self.TYPE})

    def verify(self, token: str) -> AccessClaims:
        """Return the token's claims. Raises Unauthenticated, whatever is wrong with it."""
        known = self._verified.get(token)
        if known is None:
            known = self._verify(token)
            self._verified[token] = known
            if len(self._verified) > self.REMEMBERED:
                self._verified.popitem(last=False)
        if not self._now().timestamp() < known.expires_at + self.LEEWAY.total_seconds():
            self._verified.pop(token, None)
            raise Unauthenticated
        return known

    def _verify(self, token: str) -> AccessClaims:
        try:
            decoded = jwt.decode_complete(
                token,
                self._key,
                algorithms=[self._algorithm],
                audience=self._issuer,
                issuer=self._issuer,
                # Times are checked below and in `verify`, against our clock, so that a
                # remembered token and a new one follow one rule.
                options={
                    "require": self.CLAIMS,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
            claims = decoded["payload"]
            if decoded["header"].get("typ") != self.TYPE:
                raise Unauthenticated
            if not float(claims["nbf"]) <= (self._now() + self.LEEWAY).timestamp():
                raise Unauthenticated
            return AccessClaims(
                UUID(claims["sub"]), UUID(claims["sid"]), expires_at=float(claims["exp"])
            )
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            raise Unauthenticated from None
