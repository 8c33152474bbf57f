"""Find the user of an API key, and what the key may do."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from typing import Final

from app.core.caches import evict_oldest
from app.core.exceptions import Unauthenticated
from app.core.security import Actor, Authenticator
from app.modules.user.application.failed_credentials import FailedCredentials
from app.modules.user.application.readers import KeyReader
from app.modules.user.application.usecases.record_use import RecordUse
from app.modules.user.domain.keys import KeySecret
from app.shared.application.base_usecase import Clock


class AuthenticateKey:
    """Turn an API key into its actor, who has the key's scopes that its owner still has.

    A deleted key, or a permission that its owner lost, takes effect within a second, as for
    sessions. Unknown keys are looked up a limited number of times: see FailedCredentials.
    """

    REMEMBERED_SECONDS: Final = 1.0
    REMEMBERED: Final = 10_000

    def __init__(
        self,
        *,
        reader: KeyReader,
        permissions_of: Mapping[str, frozenset[str]],
        record_use: RecordUse,
        failures: FailedCredentials,
        clock: Clock,
    ) -> None:
        self._reader, self._record_use, self._clock = reader, record_use, clock
        self._failures = failures
        self._permissions_of = permissions_of
        self._known: OrderedDict[str, tuple[float, Actor]] = OrderedDict()

    async def __call__(self, key: str, /) -> Actor:
        """Return the actor. Raises Unauthenticated, and TooManyRequests."""
        fingerprint = KeySecret(key).fingerprint
        known = self._known.get(fingerprint)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        look_up = partial(self._look_up, fingerprint)
        return await (self._failures.of_client(look_up) if known is None else look_up())

    async def _look_up(self, fingerprint: str) -> Actor:
        until = time.monotonic() + self.REMEMBERED_SECONDS  # taken before the database query
        state = await self._reader.state(fingerprint)
        if state is None or state.expires_at <= self._clock.now():
            self._known.pop(fingerprint, None)
            raise Unauthenticated
        await self._record_use.of_key(state.id, last=state.last_used_at)
        allowed = (self._permissions_of.get(role, frozenset()) for role in state.roles)
        permissions = state.scopes & frozenset[str]().union(*allowed)
        actor = Actor(state.user_id, state.id, permissions, is_key=True)
        self._known[fingerprint] = (until, actor)
        evict_oldest(self._known, most=self.REMEMBERED)
        return actor


class AuthenticateBearer:
    """Turn a bearer token into its actor: an API key by its prefix, else an access token."""

    def __init__(self, *, token: Authenticator, key: Authenticator) -> None:
        self._token, self._key = token, key

    async def __call__(self, presented: str, /) -> Actor:
        """Return the actor. Raises Unauthenticated."""
        if presented.startswith(KeySecret.PREFIX):
            return await self._key(presented)
        return await self._token(presented)
