import datetime as dt
from collections.abc import Callable

import pytest

from app.modules.user.domain.entities import FullName, User
from app.modules.user.domain.one_time_tokens import Grant, OneTimeToken, TokenKind, TokenLifetimes
from app.shared.domain.value_objects import EmailAddress

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENT = dt.timedelta(microseconds=1)
END = NOW + dt.timedelta(hours=1)
ANA, NEW, OTHER = (EmailAddress(f"{name}@example.com") for name in ("ana", "ana.new", "other"))
TOKEN = OneTimeToken("ot_example")
Change = Callable[[User], None]


@pytest.fixture
def user() -> User:
    user = User.register(
        email=ANA, full_name=FullName("Ana Example"), password_hash="a hash", now=NOW
    )
    user.ask_for_address(NEW, now=NOW)
    return user


@pytest.mark.parametrize("kind", TokenKind)
def test_a_grant_is_bound_to_the_state_of_the_account(user: User, kind: TokenKind) -> None:
    grant = Grant.to(user, kind, TOKEN, until=END)
    assert (grant.kind, grant.user_id, grant.expires_at) == (kind, user.id, END)
    assert (grant.fingerprint, grant.password_version) == (TOKEN.fingerprint, 1)
    assert grant.email == str(NEW if kind is TokenKind.CHANGE_ADDRESS else ANA)


@pytest.mark.parametrize("kind", TokenKind)
def test_a_grant_is_valid_until_its_expiry(user: User, kind: TokenKind) -> None:
    grant = Grant.to(user, kind, TOKEN, until=END)
    assert grant.is_good_for(user, now=END - MOMENT)
    assert not grant.is_good_for(user, now=END)


def close(user: User) -> None:
    user.deactivate(now=NOW)


def take_another_password(user: User) -> None:
    user.change_password("another hash", now=NOW)


def move(user: User) -> None:
    user.take_address(now=NOW)


def want_another_address(user: User) -> None:
    user.ask_for_address(OTHER, now=NOW)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *((kind, change) for kind in TokenKind for change in (close, take_another_password, move)),
        (TokenKind.CHANGE_ADDRESS, want_another_address),
    ],
)
def test_a_grant_is_invalid_after_its_account_changed(
    user: User, kind: TokenKind, change: Change
) -> None:
    grant = Grant.to(user, kind, TOKEN, until=END)
    change(user)
    assert not grant.is_good_for(user, now=NOW)


def test_a_changed_password_invalidates_a_grant_of_the_same_address(
    user: User,
) -> None:
    grant = Grant.to(user, TokenKind.CHANGE_ADDRESS, TOKEN, until=END)
    take_another_password(user)
    user.ask_for_address(NEW, now=NOW)
    assert not grant.is_good_for(user, now=NOW)


def test_only_a_password_reset_has_its_own_lifetime() -> None:
    day, hour = dt.timedelta(days=1), dt.timedelta(hours=1)
    lifetimes = TokenLifetimes(verify=day, reset=hour)
    assert {kind: lifetimes.of(kind) for kind in TokenKind} == {
        TokenKind.RESET: hour,
        TokenKind.CHANGE_ADDRESS: day,
    }
