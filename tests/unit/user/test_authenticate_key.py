"""What is cached of an API key, and for how long; end-to-end tests show the rest."""

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Final
from uuid import UUID, uuid4

import pytest

from app.core.exceptions import Unauthenticated
from app.core.limits import TooManyRequests
from app.modules.user.application.dto import KeyState, KeyView
from app.modules.user.application.failed_credentials import OF_CLIENT, FailedCredentials
from app.modules.user.application.usecases import authenticate_key as module
from app.modules.user.application.usecases.authenticate_key import AuthenticateKey
from app.modules.user.application.usecases.record_use import RecordUse
from app.modules.user.domain.keys import KeySecret
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.shared.infrastructure.limits.local import LocalLimiter
from tests.support.requests import request_at_hand
from tests.support.watch import Watch

NOW: Final = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
DAY: Final = dt.timedelta(days=1)
PERMISSIONS: Final = {"user": frozenset({"note:read", "note:write"}), "admin": frozenset({"u:a"})}


def no_unit_of_work() -> UserUnitOfWork:
    """These keys were used recently: there is nothing to record."""
    raise NotImplementedError


class Clock:
    def now(self) -> dt.datetime:
        return NOW


class Keys:
    """A reader with keys in memory, which counts its calls."""

    def __init__(self) -> None:
        self.states: dict[str, KeyState] = {}
        self.asked = 0

    def add(self, *, scopes: set[str], roles: set[str], ends: dt.datetime = NOW + DAY) -> str:
        """Return a new key of a user."""
        secret = KeySecret.make()
        self.states[secret.fingerprint] = KeyState(
            id=uuid4(),
            user_id=uuid4(),
            scopes=frozenset(scopes),
            roles=frozenset(roles),
            expires_at=ends,
            last_used_at=NOW,
        )
        return secret.text

    def of(self, key: str) -> KeyState:
        return self.states[KeySecret(key).fingerprint]

    async def state(self, fingerprint: str, /) -> KeyState | None:
        self.asked += 1
        return self.states.get(fingerprint)

    async def of_user(self, user_id: UUID, /) -> list[KeyView]:
        raise NotImplementedError


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=watch))
    return watch


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def authenticate(keys: Keys, watch: Watch) -> AuthenticateKey:
    return AuthenticateKey(
        reader=keys,
        permissions_of=PERMISSIONS,
        record_use=RecordUse(no_unit_of_work, SessionLimits(DAY, DAY), Clock()),
        failures=FailedCredentials(LocalLimiter(now=watch)),
        clock=Clock(),
    )


@pytest.fixture
def key(keys: Keys) -> str:
    return keys.add(scopes={"note:read"}, roles={"user"})


async def test_a_key_has_its_scopes_that_its_owner_still_has(
    authenticate: AuthenticateKey, keys: Keys
) -> None:
    key = keys.add(scopes={"note:read", "u:a"}, roles={"user", "a role of the past"})
    actor, state = await authenticate(key), keys.of(key)
    assert (actor.user_id, actor.session_id) == (state.user_id, state.id)
    assert actor.permissions == {"note:read"}
    assert actor.is_key


async def test_an_unknown_key_is_refused(authenticate: AuthenticateKey) -> None:
    with pytest.raises(Unauthenticated):
        await authenticate(KeySecret.make().text)


async def test_a_key_is_valid_until_its_expiry(authenticate: AuthenticateKey, keys: Keys) -> None:
    moment = dt.timedelta(microseconds=1)
    assert await authenticate(keys.add(scopes=set(), roles={"user"}, ends=NOW + moment))
    with pytest.raises(Unauthenticated):
        await authenticate(keys.add(scopes=set(), roles={"user"}, ends=NOW))


async def test_for_a_second_the_key_is_not_read_again(
    authenticate: AuthenticateKey, keys: Keys, watch: Watch, key: str
) -> None:
    first = await authenticate(key)
    watch.seconds += 0.999
    assert await authenticate(key) is first
    assert keys.asked == 1


async def test_after_a_second_a_removed_scope_is_gone(
    authenticate: AuthenticateKey, keys: Keys, watch: Watch, key: str
) -> None:
    assert (await authenticate(key)).permissions
    keys.states[KeySecret(key).fingerprint] = replace(keys.of(key), scopes=frozenset())
    watch.seconds += 1.0
    assert not (await authenticate(key)).permissions


async def test_after_a_second_a_deleted_key_is_refused_and_not_cached(
    authenticate: AuthenticateKey, keys: Keys, watch: Watch, key: str
) -> None:
    assert await authenticate(key)
    keys.states.clear()
    watch.seconds += 1.0
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await authenticate(key)
    assert not authenticate._known


async def test_the_number_of_remembered_keys_is_limited(
    authenticate: AuthenticateKey, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AuthenticateKey, "REMEMBERED", 3)
    made = [keys.add(scopes=set(), roles={"user"}) for _ in range(5)]
    for key in made:
        await authenticate(key)
    assert list(authenticate._known) == [KeySecret(key).fingerprint for key in made[-3:]]


# --- Keys that are nobody's ---------------------------------------------------------------------


async def present_random_keys(authenticate: AuthenticateKey, amount: int) -> Counter[type]:
    ends = [authenticate(KeySecret.make().text) for _ in range(amount)]
    return Counter(type(end) for end in await asyncio.gather(*ends, return_exceptions=True))


async def test_too_many_random_keys_of_a_client_cause_no_more_lookups(
    authenticate: AuthenticateKey, keys: Keys, watch: Watch
) -> None:
    most = OF_CLIENT.amount
    assert await present_random_keys(authenticate, most + 50) == {
        Unauthenticated: most,
        TooManyRequests: 50,
    }
    assert keys.asked == most
    watch.seconds += OF_CLIENT.per + 1
    assert await present_random_keys(authenticate, 1) == {Unauthenticated: 1}


async def test_a_known_key_is_looked_up_despite_random_ones_at_its_address(
    authenticate: AuthenticateKey, keys: Keys, watch: Watch, key: str
) -> None:
    actor = await authenticate(key)
    await present_random_keys(authenticate, OF_CLIENT.amount)
    watch.seconds += 1.0
    assert await authenticate(key) == actor
    keys.states.clear()  # until it is found to be invalid
    watch.seconds += 1.0
    with pytest.raises(Unauthenticated):
        await authenticate(key)
    with pytest.raises(TooManyRequests):
        await authenticate(key)


async def test_another_client_is_not_refused(authenticate: AuthenticateKey, key: str) -> None:
    await present_random_keys(authenticate, OF_CLIENT.amount)
    with pytest.raises(TooManyRequests):
        await authenticate(key)
    with request_at_hand(client="192.0.2.1"):
        assert await authenticate(key)


async def test_valid_keys_are_not_counted(authenticate: AuthenticateKey, keys: Keys) -> None:
    for _ in range(OF_CLIENT.amount + 1):
        assert await authenticate(keys.add(scopes=set(), roles={"user"}))
