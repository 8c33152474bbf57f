"""What is cached of a session, and for how long; end-to-end tests show the rest."""

import asyncio
import datetime as dt
from collections import Counter
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from app.core.exceptions import Unauthenticated
from app.core.limits import TooManyRequests
from app.core.security import AccessTokens
from app.modules.user.application.dto import SessionState, StoredCredentials, UserView
from app.modules.user.application.failed_credentials import (
    OF_CLIENT,
    OF_SESSION,
    FailedCredentials,
)
from app.modules.user.application.usecases import authenticate as module
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.record_use import RecordUse
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionCookie, SessionLimits
from app.shared.application.base_usecase import SystemClock
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.limits.local import LocalLimiter

ANA, BRUNO = uuid4(), uuid4()
LIMITS = SessionLimits(idle=dt.timedelta(days=14), in_all=dt.timedelta(days=90))
PERMISSIONS = {"user": frozenset({"note:read"}), "admin": frozenset({"user:admin"})}


def no_unit_of_work() -> UserUnitOfWork:
    """The use of a bearer token is not recorded: no request waits for a write."""
    raise NotImplementedError


class Sessions:
    """A reader with sessions in memory, which counts its calls."""

    def __init__(self) -> None:
        self.states: dict[UUID, SessionState] = {}
        self.asked = 0

    async def session_state(self, session_id: UUID, /, *, now: dt.datetime) -> SessionState | None:
        self.asked += 1
        return self.states.get(session_id)

    async def credentials_of(self, user_id: UUID, /) -> StoredCredentials | None:
        raise NotImplementedError

    async def credentials(self, email: EmailAddress, /) -> StoredCredentials | None:
        raise NotImplementedError

    async def user(self, user_id: UUID, /) -> UserView | None:
        raise NotImplementedError

    async def page(self, *, offset: int, size: int) -> tuple[list[UserView], int]:
        raise NotImplementedError


class Stopwatch:
    """A clock that advances when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    stopwatch = Stopwatch()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=stopwatch.monotonic))
    return stopwatch


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(
        keys=["a key for tests only, and long enough"],
        algorithm="HS256",
        issuer="Shop",
        lifetime=dt.timedelta(minutes=10),
        now=SystemClock().now,
    )


@pytest.fixture
def authenticate(tokens: AccessTokens, sessions: Sessions, stopwatch: Stopwatch) -> Authenticate:
    return Authenticate(
        tokens=tokens,
        reader=sessions,
        permissions_of=PERMISSIONS,
        record_use=RecordUse(no_unit_of_work, LIMITS, SystemClock()),
        failures=FailedCredentials(LocalLimiter(now=stopwatch.monotonic)),
        clock=SystemClock(),
    )


@pytest.fixture
def session_id(sessions: Sessions) -> UUID:
    """A session of Ana."""
    session_id = uuid4()
    sessions.states[session_id] = SessionState(ANA, frozenset({"user"}), is_usable=True)
    return session_id


@pytest.fixture
def token(tokens: AccessTokens, session_id: UUID) -> str:
    return tokens.issue(user_id=ANA, session_id=session_id)


async def test_a_token_becomes_its_user_with_the_permissions_of_all_roles(
    authenticate: Authenticate, sessions: Sessions, session_id: UUID, token: str
) -> None:
    roles = frozenset({"user", "admin", "a role of the past"})
    sessions.states[session_id] = SessionState(ANA, roles, is_usable=True)
    actor = await authenticate(token)
    assert (actor.user_id, actor.session_id) == (ANA, session_id)
    assert actor.permissions == {"note:read", "user:admin"}


async def test_for_a_second_the_session_is_not_read_again(
    authenticate: Authenticate, sessions: Sessions, stopwatch: Stopwatch, token: str
) -> None:
    first = await authenticate(token)
    stopwatch.seconds += 0.999
    assert await authenticate(token) is first
    assert sessions.asked == 1


async def test_after_a_second_a_removed_role_is_gone(
    authenticate: Authenticate,
    sessions: Sessions,
    stopwatch: Stopwatch,
    session_id: UUID,
    token: str,
) -> None:
    assert (await authenticate(token)).permissions
    sessions.states[session_id] = SessionState(ANA, frozenset(), is_usable=True)
    stopwatch.seconds += 1.0
    assert not (await authenticate(token)).permissions


async def test_after_a_second_an_ended_session_is_refused(
    authenticate: Authenticate,
    sessions: Sessions,
    stopwatch: Stopwatch,
    session_id: UUID,
    token: str,
) -> None:
    assert await authenticate(token)
    sessions.states[session_id] = SessionState(ANA, frozenset(), is_usable=False)
    stopwatch.seconds += 1.0
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await authenticate(token)
    assert not authenticate._known


async def test_a_refused_token_is_looked_up_each_time(
    authenticate: Authenticate, sessions: Sessions, session_id: UUID, token: str
) -> None:
    usable = sessions.states.pop(session_id)
    with pytest.raises(Unauthenticated):
        await authenticate(token)
    sessions.states[session_id] = usable
    assert await authenticate(token)


async def test_a_session_removed_from_the_cache_is_looked_up_at_once(
    authenticate: Authenticate, sessions: Sessions, session_id: UUID, token: str
) -> None:
    assert await authenticate(token)
    authenticate.forget(session_id)
    authenticate.forget(uuid4())
    assert await authenticate(token)
    assert sessions.asked == 2


async def test_a_token_with_another_users_session_is_refused(
    authenticate: Authenticate, tokens: AccessTokens, session_id: UUID
) -> None:
    with pytest.raises(Unauthenticated):
        await authenticate(tokens.issue(user_id=BRUNO, session_id=session_id))


async def test_a_remembered_session_does_not_make_an_invalid_token_valid(
    authenticate: Authenticate, token: str
) -> None:
    assert await authenticate(token)
    with pytest.raises(Unauthenticated):
        await authenticate(token[:-5] + "AAAAA")


async def test_for_a_second_a_cookie_is_not_looked_up_again(
    authenticate: Authenticate, sessions: Sessions, stopwatch: Stopwatch
) -> None:
    session_id, secret = uuid4(), SessionCookie.make_secret()
    sessions.states[session_id] = SessionState(
        ANA,
        frozenset({"user"}),
        is_usable=True,
        cookie_fingerprint=SessionCookie.fingerprint_of(secret),
        last_used_at=SystemClock().now(),
    )
    value = SessionCookie(session_id, secret).value
    first = await authenticate.by_cookie(value)
    stopwatch.seconds += 0.999
    assert await authenticate.by_cookie(value) is first
    assert sessions.asked == 1
    stopwatch.seconds += 0.001
    assert await authenticate.by_cookie(value) == first
    assert sessions.asked == 2


async def test_a_cookie_renewed_by_another_process_replaces_the_old_one_at_once(
    authenticate: Authenticate, sessions: Sessions
) -> None:
    session_id, old, new = uuid4(), SessionCookie.make_secret(), SessionCookie.make_secret()

    def stand_for_the_session(secret: str) -> None:
        sessions.states[session_id] = SessionState(
            ANA,
            frozenset({"user"}),
            is_usable=True,
            cookie_fingerprint=SessionCookie.fingerprint_of(secret),
            last_used_at=SystemClock().now(),
        )

    stand_for_the_session(old)
    assert await authenticate.by_cookie(SessionCookie(session_id, old).value)
    stand_for_the_session(new)
    assert await authenticate.by_cookie(SessionCookie(session_id, new).value)
    with pytest.raises(Unauthenticated):
        await authenticate.by_cookie(SessionCookie(session_id, old).value)


async def test_the_number_of_remembered_sessions_is_limited(
    authenticate: Authenticate,
    tokens: AccessTokens,
    sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Authenticate, "REMEMBERED", 3)
    ids = [uuid4() for _ in range(5)]
    for id_ in ids:
        sessions.states[id_] = SessionState(ANA, frozenset(), is_usable=True)
        await authenticate(tokens.issue(user_id=ANA, session_id=id_))
    assert list(authenticate._known) == ids[-3:]


# --- Credentials that are nobody's --------------------------------------------------------------


@pytest.fixture
def cookie(sessions: Sessions) -> SessionCookie:
    """The cookie of a session of Ana."""
    cookie = SessionCookie(uuid4(), SessionCookie.make_secret())
    sessions.states[cookie.session_id] = SessionState(
        ANA,
        frozenset({"user"}),
        is_usable=True,
        cookie_fingerprint=cookie.fingerprint,
        last_used_at=SystemClock().now(),
    )
    return cookie


async def present_random_cookies(
    authenticate: Authenticate, amount: int, session_id: UUID | None = None
) -> Counter[type]:
    """Cookies of one session, or of none."""
    made_up = [
        SessionCookie(session_id or uuid4(), SessionCookie.make_secret()) for _ in range(amount)
    ]
    ends = [authenticate.by_cookie(one.value) for one in made_up]
    return Counter(type(end) for end in await asyncio.gather(*ends, return_exceptions=True))


@pytest.mark.parametrize("is_of_a_session", [False, True])
async def test_too_many_random_cookies_of_a_client_cause_no_more_lookups(
    authenticate: Authenticate,
    sessions: Sessions,
    cookie: SessionCookie,
    *,
    is_of_a_session: bool,
) -> None:
    await authenticate.by_cookie(cookie.value)
    session_id, most = cookie.session_id if is_of_a_session else None, OF_CLIENT.amount
    ends = await present_random_cookies(authenticate, most + 50, session_id)
    assert ends == {Unauthenticated: most, TooManyRequests: 50}
    assert sessions.asked == 1 + most


async def test_a_known_cookie_is_looked_up_despite_random_ones_at_its_address(
    authenticate: Authenticate, sessions: Sessions, stopwatch: Stopwatch, cookie: SessionCookie
) -> None:
    actor = await authenticate.by_cookie(cookie.value)
    await present_random_cookies(authenticate, OF_CLIENT.amount)
    stopwatch.seconds += 1.0
    assert await authenticate.by_cookie(cookie.value) == actor
    stopwatch.seconds += 1.0
    del sessions.states[cookie.session_id]  # until it is found to be invalid
    with pytest.raises(Unauthenticated):
        await authenticate.by_cookie(cookie.value)
    with pytest.raises(TooManyRequests):
        await authenticate.by_cookie(cookie.value)


async def test_a_token_is_looked_up_despite_random_credentials_at_its_address(
    authenticate: Authenticate, token: str
) -> None:
    await present_random_cookies(authenticate, OF_CLIENT.amount)
    assert (await authenticate(token)).user_id == ANA


async def test_the_token_of_an_ended_session_is_looked_up_a_limited_number_of_times(
    authenticate: Authenticate, tokens: AccessTokens, sessions: Sessions, token: str
) -> None:
    ended = tokens.issue(user_id=BRUNO, session_id=uuid4())
    for refused in [Unauthenticated] * OF_SESSION.amount + [TooManyRequests] * 50:
        with pytest.raises(refused):
            await authenticate(ended)
    assert sessions.asked == OF_SESSION.amount
    assert (await authenticate(token)).user_id == ANA  # another client at the same address
