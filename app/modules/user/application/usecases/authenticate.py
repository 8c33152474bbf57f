"""Find the user of an access token or a cookie."""

import hmac
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from app.core.caches import evict_oldest
from app.core.exceptions import Unauthenticated
from app.core.security import AccessTokens, Actor
from app.modules.user.application.dto import SessionState
from app.modules.user.application.failed_credentials import FailedCredentials
from app.modules.user.application.readers import UserReader
from app.modules.user.application.usecases.record_use import RecordUse
from app.modules.user.domain.sessions import SessionCookie
from app.shared.application.base_usecase import Clock


@dataclass(frozen=True, slots=True)
class Known:
    """The remembered state of a session, and until when it may be used."""

    until: float
    actor: Actor
    state: SessionState


class Authenticate:
    """Turn an access token, or a cookie, into its actor.

    The secret proves who signed in. The database says whether that is still valid: the end of a
    session, a closed account or a lost role takes effect within a second, in every process. For
    that second the answer is remembered.

    Unknown credentials are looked up a limited number of times: see FailedCredentials.
    """

    REMEMBERED_SECONDS: Final = 1.0
    REMEMBERED: Final = 10_000

    def __init__(
        self,
        *,
        tokens: AccessTokens,
        reader: UserReader,
        permissions_of: Mapping[str, frozenset[str]],
        record_use: RecordUse,
        failures: FailedCredentials,
        clock: Clock,
    ) -> None:
        self._tokens, self._reader, self._clock = tokens, reader, clock
        self._permissions_of, self._record_use = permissions_of, record_use
        self._failures = failures
        self._known: OrderedDict[UUID, Known] = OrderedDict()

    async def __call__(self, token: str, /) -> Actor:
        """Return the actor of an access token. Raises Unauthenticated, and TooManyRequests."""
        claims = self._tokens.verify(token)
        known = self._remembered(claims.session_id)
        if known is None:
            look_up = partial(self._look_up, claims.session_id)
            known = await self._failures.of_session(claims.session_id, look_up)
        if known.actor.user_id != claims.user_id:
            raise Unauthenticated
        return known.actor

    async def by_cookie(self, value: str, /) -> Actor:
        """Return the actor of a cookie. Raises Unauthenticated, and TooManyRequests."""
        cookie = SessionCookie.parse(value)
        if cookie is None:
            raise Unauthenticated
        remembered = self._remembered(cookie.session_id)
        if remembered is not None and _is_of(remembered.state, cookie):
            return remembered.actor
        # Look it up again: the cookie may have been renewed.
        look_up = partial(self._look_up_cookie, cookie)
        known = await (look_up() if self._was_good(cookie) else self._failures.of_client(look_up))
        await self._record_use.of_session(cookie.session_id, last=known.state.last_used_at)
        return known.actor

    def forget(self, session_id: UUID) -> None:
        """Look the session up again at its next request."""
        self._known.pop(session_id, None)

    def _remembered(self, session_id: UUID) -> Known | None:
        known = self._known.get(session_id)
        return known if known is not None and time.monotonic() < known.until else None

    def _was_good(self, cookie: SessionCookie) -> bool:
        known = self._known.get(cookie.session_id)
        return known is not None and _is_of(known.state, cookie)

    async def _look_up_cookie(self, cookie: SessionCookie) -> Known:
        known = await self._look_up(cookie.session_id)
        if not _is_of(known.state, cookie):
            raise Unauthenticated
        return known

    async def _look_up(self, session_id: UUID) -> Known:
        until = time.monotonic() + self.REMEMBERED_SECONDS  # taken before the database query
        state = await self._reader.session_state(session_id, now=self._clock.now())
        if state is None or not state.is_usable:
            self.forget(session_id)
            raise Unauthenticated
        allowed = (self._permissions_of.get(role, frozenset()) for role in state.roles)
        actor = Actor(state.user_id, session_id, frozenset[str]().union(*allowed))
        known = Known(until, actor, state)
        self._known[session_id] = known
        evict_oldest(self._known, most=self.REMEMBERED)
        return known


def _is_of(state: SessionState, cookie: SessionCookie) -> bool:
    expected = state.cookie_fingerprint
    return expected is not None and hmac.compare_digest(expected, cookie.fingerprint)
