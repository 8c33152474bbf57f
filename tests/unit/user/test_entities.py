import datetime as dt
from uuid import uuid4

import pytest

from app.core.exceptions import Invalid
from app.modules.user.domain.entities import FullName, Role, User
from app.modules.user.domain.events import (
    PasswordChanged,
    RolesChanged,
    UserActivated,
    UserDeactivated,
    UserRegistered,
    UserVerified,
)
from app.modules.user.domain.passwords import Password
from app.modules.user.domain.sessions import RefreshToken, Session, SessionLimits
from app.shared.domain.value_objects import EmailAddress

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LIMITS = SessionLimits(idle=14 * DAY, in_all=90 * DAY)
MOMENT = dt.timedelta(microseconds=1)
ANA, BRUNO = EmailAddress("ana@example.com"), EmailAddress("bruno@example.com")


@pytest.fixture
def user() -> User:
    user = User.register(
        email=ANA, full_name=FullName("Ana Example"), password_hash="a hash", now=NOW
    )
    user.pull_events()
    return user


# --- Names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["A", "Ana Example", "李", "x" * 100, " Ana "])
def test_a_name_may_have_any_characters(text: str) -> None:
    assert FullName(text).value == text


@pytest.mark.parametrize("text", ["", " ", "\u3000", "x" * 101, "Ana" + " " * 98])
def test_an_empty_or_too_long_name_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as error:
        FullName(text)
    assert error.value.errors[0]["pointer"] == "/full_name"


def test_no_secret_is_shown() -> None:
    token = RefreshToken.make()
    password = Password("correct horse battery")
    assert token.secret not in repr(token)
    assert password.value not in repr(password)


# --- Users --------------------------------------------------------------------------------------


def test_a_new_user_is_unverified_and_has_the_user_role() -> None:
    user = User.register(email=ANA, full_name=FullName("Ana"), password_hash="a hash", now=NOW)
    assert user.verified_at is None
    assert user.is_active
    assert user.roles == {Role.USER}
    assert user.created_at == user.updated_at == NOW
    assert user.pull_events() == [UserRegistered(user_id=user.id)]
    assert "a hash" not in repr(user)


def test_a_user_is_verified_once(user: User) -> None:
    user.verify(now=NOW + DAY)
    user.verify(now=NOW + 2 * DAY)
    assert user.verified_at == user.updated_at == NOW + DAY
    assert user.pull_events() == [UserVerified(user_id=user.id)]


def test_a_user_is_deactivated_once(user: User) -> None:
    user.deactivate(now=NOW + DAY)
    user.deactivate(now=NOW + 2 * DAY)
    assert not user.is_active
    assert user.updated_at == NOW + DAY
    assert user.pull_events() == [UserDeactivated(user_id=user.id)]


def test_a_closed_account_is_opened_once(user: User) -> None:
    user.deactivate(now=NOW)
    user.pull_events()
    user.activate(now=NOW + DAY)
    user.activate(now=NOW + 2 * DAY)
    assert (user.is_active, user.updated_at) == (True, NOW + DAY)
    assert user.pull_events() == [UserActivated(user_id=user.id)]


def test_new_roles_replace_the_old_ones(user: User) -> None:
    user.give_roles(frozenset({Role.ADMIN}), now=NOW + DAY)
    user.give_roles(frozenset({Role.ADMIN}), now=NOW + 2 * DAY)
    assert user.roles == {Role.ADMIN}
    assert user.updated_at == NOW + DAY
    assert user.pull_events() == [RolesChanged(user_id=user.id, roles=["admin"])]


def test_a_new_password_is_counted_and_cancels_a_change_of_address(user: User) -> None:
    user.ask_for_address(BRUNO, now=NOW)
    user.pull_events()
    user.change_password("another hash", now=NOW + DAY)
    assert (user.password_hash, user.password_version) == ("another hash", 2)
    assert user.pending_email is None
    assert user.pull_events() == [PasswordChanged(user_id=user.id)]


def test_an_address_stays_until_the_next_is_confirmed(user: User) -> None:
    user.ask_for_address(BRUNO, now=NOW + DAY)
    assert (user.email, user.pending_email) == (ANA, BRUNO)
    user.take_address(now=NOW + 2 * DAY)
    assert (user.email, user.pending_email, user.previous_email) == (BRUNO, None, ANA)
    assert user.verified_at == NOW + 2 * DAY
    with pytest.raises(ValueError, match="no address was asked for"):
        user.take_address(now=NOW)


def test_a_user_is_renamed(user: User) -> None:
    user.rename(FullName("Ana Maria"), now=NOW + DAY)
    assert (user.full_name.value, user.updated_at) == ("Ana Maria", NOW + DAY)


# --- Sessions -----------------------------------------------------------------------------------


def test_a_session_ends_when_it_is_idle_for_too_long() -> None:
    session = Session.start(uuid4(), limits=LIMITS, now=NOW)
    assert session.is_live(now=NOW)
    assert session.is_live(now=NOW + 14 * DAY - MOMENT)
    assert not session.is_live(now=NOW + 14 * DAY)


def test_a_used_session_is_extended_up_to_its_total_lifetime() -> None:
    session = Session.start(uuid4(), limits=LIMITS, now=NOW)
    session.extend(limits=LIMITS, now=NOW + 10 * DAY)
    assert session.expires_at == NOW + 24 * DAY
    session.extend(limits=LIMITS, now=NOW + 80 * DAY)
    assert session.expires_at == NOW + 90 * DAY


def test_a_session_starts_within_its_total_lifetime() -> None:
    limits = SessionLimits(idle=14 * DAY, in_all=2 * DAY)
    assert Session.start(uuid4(), limits=limits, now=NOW).expires_at == NOW + 2 * DAY


def test_a_revoked_session_is_invalid() -> None:
    session = Session.start(uuid4(), limits=LIMITS, now=NOW)
    session.revoked_at = NOW
    assert not session.is_live(now=NOW)


def test_a_refresh_token_is_random_and_has_a_fingerprint() -> None:
    token, other = RefreshToken.make(), RefreshToken.make()
    assert token.secret.startswith("rt_")
    assert len(token.secret) == len("rt_") + 43
    assert token.fingerprint == RefreshToken(token.secret).fingerprint != other.fingerprint
    assert token.secret not in token.fingerprint
    assert len(token.fingerprint) == 64


@pytest.mark.parametrize("secret", ["", "rt_", "x", "é", "\x00"])
def test_any_text_presented_as_a_refresh_token_has_a_fingerprint(secret: str) -> None:
    assert len(RefreshToken(secret).fingerprint) == 64
