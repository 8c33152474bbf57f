"""The caller, what a route requires, and the tokens that identify a caller."""

import datetime as dt
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import jwt
from uuid_utils.compat import uuid7

from app.core.caches import evict_oldest
from app.core.exceptions import Forbidden, SessionRequired, Unauthenticated

PERMISSION: Final = r"[a-z][a-z_]*:[a-z][a-z_]*"
"""The form of a permission, `<module>:<verb>`, in modules, roles, routes and API keys."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The user for whom a request or a job runs."""

    user_id: UUID
    session_id: UUID
    """The session of the request; for an API key, the id of the key."""
    permissions: frozenset[str]
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What a route requires of its caller. Every route names one; there is no default.

    An API key may call a route only if the route names a permission that is among the key's scopes.
    """

    name: str
    is_public: bool = False
    permission: str | None = None
    own_origin: bool = False
    """Whether browsers may send the request only from pages of our own origin, for every caller."""

    def check(self, actor: Actor) -> None:
        """Raise Forbidden unless the actor may call the route."""
        if actor.is_key and self.permission is None:
            raise SessionRequired
        if self.permission is not None and self.permission not in actor.permissions:
            raise Forbidden


PUBLIC: Final = Access("public", is_public=True)
OWN_ORIGIN: Final = Access("own-origin", is_public=True, own_origin=True)
AUTHENTICATED: Final = Access("authenticated")


def scope(permission: str) -> Access:
    """Require a permission, such as `invoice:write`."""
    return Access(permission, permission=permission)


class Authenticator(Protocol):
    """Turns a credential into its actor, or raises Unauthenticated."""

    async def __call__(self, token: str, /) -> Actor: ...


async def reject_all(_presented: str, /) -> Actor:
    """An Authenticator that refuses every credential."""
    raise Unauthenticated


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The content of a verified access token."""

    user_id: UUID
    session_id: UUID
    expires_at: float


class AccessTokens:
    """Issues and verifies access tokens: JWTs (RFC 7519) under the rules of RFC 8725.

    There is one algorithm, all claims are required, and the type is `at+jwt` (RFC 9068). A verified
    token is remembered until it expires, because verifying is the most expensive part of a short
    request.

    The first key signs. The others only verify, so that a new key ends no session. A token names
    its key (`kid`), which must be one of these.
    """

    TYPE: Final = "at+jwt"
    CLAIMS: Final = ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"]
    LEEWAY: Final = dt.timedelta(seconds=30)
    REMEMBERED: Final = 10_000

    def __init__(
        self,
        *,
        keys: Sequence[str],
        algorithm: str,
        issuer: str,
        lifetime: dt.timedelta,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._key, self._kid = keys[0], _name_of(keys[0])
        self._keys = {_name_of(key): key for key in keys}
        self._algorithm, self._issuer = algorithm, issuer
        self._lifetime, self._now = lifetime, now
        self._verified: OrderedDict[str, AccessClaims] = OrderedDict()

    @property
    def lifetime(self) -> dt.timedelta:
        return self._lifetime

    def issue(self, *, user_id: UUID, session_id: UUID) -> str:
        """Return a token that proves, for one lifetime, that this session belongs to this user."""
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
        headers = {"typ": self.TYPE, "kid": self._kid}
        return jwt.encode(claims, self._key, self._algorithm, headers=headers)

    def verify(self, token: str) -> AccessClaims:
        """Return the token's claims. Raises Unauthenticated for every invalid token."""
        known = self._verified.get(token)
        if known is None:
            known = self._verify(token)
            self._verified[token] = known
            evict_oldest(self._verified, most=self.REMEMBERED)
        if not self._now().timestamp() < known.expires_at + self.LEEWAY.total_seconds():
            del self._verified[token]
            raise Unauthenticated
        return known

    def _verify(self, token: str) -> AccessClaims:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            decoded = jwt.decode_complete(
                token,
                key,
                algorithms=[self._algorithm],
                audience=self._issuer,
                issuer=self._issuer,
                # Times are checked below and in `verify`, with our clock, so that remembered and
                # new tokens follow one rule.
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
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
            raise Unauthenticated from None


def _name_of(key: str) -> str:
    """Return the name of a key in tokens; it reveals nothing of the key."""
    return hmac.digest(key.encode(), b"kid", "sha256").hex()[:16]
