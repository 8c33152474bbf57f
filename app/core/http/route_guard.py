"""The checks before every route: authentication, permission and the rate limit."""

import re
from dataclasses import dataclass, field
from typing import Final

from app.core.context import current_work
from app.core.exceptions import Unauthenticated
from app.core.http.clients import one_client
from app.core.http.cookie_authentication import NO_COOKIES, CookieAuthentication
from app.core.http.rate_limit import RateLimit
from app.core.idempotency import IdempotencyStore
from app.core.limits import Limit, Limiter, Unlimited, hit_by_client
from app.core.security import Access, Actor, Authenticator, reject_all

# RFC 9110, section 11.1: the scheme's name is case-insensitive. Our credentials have some 500
# characters; a much longer one is not parsed.
_BEARER: Final = re.compile(rb"(?i:bearer) +([\x21-\x7e]{1,4096})")


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """What one route requires of its callers."""

    access: Access
    limit: Limit | None = None
    is_counted: bool = True

    @property
    def may_be_too_often(self) -> bool:
        return self.limit is not None or self.is_counted


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteGuard:
    """The checks that all routes share. A part that is None is not checked."""

    authenticate: Authenticator
    cookie_authentication: CookieAuthentication = NO_COOKIES
    limiter: Limiter = field(default_factory=Unlimited)
    rate_limit: RateLimit | None = None
    idempotency_store: IdempotencyStore | None = None

    async def authorize(
        self, method: str, headers: dict[bytes, bytes], policy: RoutePolicy
    ) -> Actor | None:
        """Return the caller. Raises if it may not call the route, or calls too often."""
        try:
            actor = await self._actor(method, headers, policy.access)
        finally:  # a refused caller counts too, by its address
            if policy.is_counted and self.rate_limit is not None:
                work = current_work.get()
                self.rate_limit.count(str(work.actor_id or one_client(work.client)))
        if actor is not None:
            policy.access.check(actor)
        if policy.limit is not None:
            await hit_by_client(self.limiter, policy.limit)
        return actor

    async def ask_again(
        self, method: str, headers: dict[bytes, bytes], access: Access
    ) -> Actor | None:
        """Return the caller, and count nothing. Raises if it may not call the route any more."""
        actor = await self._actor(method, headers, access)
        if actor is not None:
            access.check(actor)
        return actor

    def check_page(self, headers: dict[bytes, bytes]) -> None:
        """Raise CrossOrigin for a page of another origin. Other clients send no Origin."""
        if b"origin" in headers:
            self.cookie_authentication.check_origin(headers)

    async def _actor(
        self, method: str, headers: dict[bytes, bytes], access: Access
    ) -> Actor | None:
        if access.is_public:
            if access.own_origin:
                self.cookie_authentication.check_origin(headers)
            return None
        actor = await self._caller(method, headers)
        if actor is None:
            raise Unauthenticated
        current_work.get().actor_id = actor.user_id
        return actor

    async def _caller(self, method: str, headers: dict[bytes, bytes]) -> Actor | None:
        """Return the caller: by the header, or by the cookie if there is no header."""
        authorization = headers.get(b"authorization")
        if authorization is None:
            return await self.cookie_authentication.actor(method, headers)
        sent = _BEARER.fullmatch(authorization)
        return None if sent is None else await self.authenticate(sent[1].decode())


CLOSED: Final = RouteGuard(authenticate=reject_all)
"""For a route that is not mounted yet."""
