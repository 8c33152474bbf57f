"""Find out who an access token speaks for, now."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from app.core.exceptions import Unauthenticated
from app.core.security import AccessTokens, Actor
from app.modules.user.application.readers import UserReader
from app.shared.application.base_usecase import Clock


class Authenticate:
    """Turn an access token into its actor.

    The signature says who signed in, the database whether that still counts: a session that was
    ended, an account that was closed or a role that was taken away shows within a second, in
    every process. For that second the answer is remembered.
    """

    REMEMBERED_SECONDS: Final = 1.0
    REMEMBERED: Final = 10_000

    def __init__(
        self,
        tokens: AccessTokens,
        reader: UserReader,
        permissions_of: Mapping[str, frozenset[str]],
        clock: Clock,
    ) -> None:
        self._tokens, self._reader, self._clock = tokens, reader, clock
        self._permissions_of = permissions_of
        self._known: OrderedDict[UUID, tuple[float, Actor]] = OrderedDict()

    async def __call__(self, token: str, /) -> Actor:
        """Return the actor. Raises Unauthenticated."""
        claims = self._tokens.verify(token)
        known = self._known.get(claims.session_id)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        actor = await self._look_up(claims.session_id, claims.user_id)
        self._known[claims.session_id] = (time.monotonic() + self.REMEMBERED_SECONDS, actor)
        if len(self._known) > self.REMEMBERED:
            self._known.popitem(last=False)
        return actor

    def forget(self, session_id: UUID) -> None:
        """Look the session up again at its next request."""
        self._known.pop(session_id, None)

    async def _look_up(self, session_id: UUID, user_id: UUID) -> Actor:
        state = await self._reader.session_state(session_id, now=self._clock.now())
        if state is None or not state.is_usable or state.user_id != user_id:
            self.forget(session_id)
            raise Unauthenticated
        allowed = (self._permissions_of.get(role, frozenset()) for role in state.roles)
        return Actor(user_id, session_id, frozenset[str]().union(*allowed))
