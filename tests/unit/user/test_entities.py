import datetime as dt
from uuid import uuid4

import pytest

from app.core.exceptions import Invalid
from app.modules.user.domain.entities import (
    FullName,
    Password,
    RefreshToken,
    Role,
    Session,
    SessionLimits,
    User,
    WeakPassword,
)
from app.modules.user.domain.events import UserDeactivated, UserRegistered, UserVerified
from app.shared.domain.value_objects import EmailAddress

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LIMITS = SessionLimits(idle=14 * DAY, in_all=90 * DAY)
MOMENT = dt.timedelta(microseconds=1)
ANA = EmailAddress("ana@example.com")
LONG_NAME = EmailAddress("ana.example@example.com")


@pytest.fixture
def user() -> User:
    user = User.register(
        email=ANA, full_name=FullName("Ana Example"), password_hash="a hash", now=NOW
    )
    user.pull_events()
    return user


# --- Names and passwords ------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["A", "Ana Example", "李", "x" * 100, " Ana "])
def test_a_name_is_what_a_person_wants(text: str) -> None:
    assert FullName(text).value == text


@pytest.mark.parametrize("text", ["", " ", "\u3000", "x" * 101, "Ana" + " " * 98])
def test_a_name_has_to_say_something_and_to_fit(text: str) -> None:
    with pytest.raises(Invalid) as error:
        FullName(text)
    assert error.value.errors[0]["pointer"] == "/full_name"


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery",
        "abcdef" * 2,
        "123456789012",
        "x" * 122 + "abcdef",
        "日本語のパスワードです。",
        " leading and trailing ",
        "a\x00b\tc\nd-efghijk",
        "ana@example.com and more",
    ],
)
def test_any_characters_make_a_password(text: str) -> None:
    assert Password.chosen_for(ANA, text).value == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "elevenchars",
        "x" * 123 + "abcdef",
        "a" * 12,
        "abcde" * 4,
        "            ",
        "ana.example@example.com",
        "ANA.Example@Example.COM",
        "ana.exampleana.example",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(text: str) -> None:
    with pytest.raises(WeakPassword) as error:
        Password.chosen_for(LONG_NAME, text)
    [told] = error.value.errors
    assert (told["pointer"], told["code"]) == ("/password", "weak_password")


def test_a_password_that_is_the_name_before_the_at_is_refused() -> None:
    with pytest.raises(WeakPassword):
        Password.chosen_for(EmailAddress("ana.b.example@example.com"), "Ana.B.Example")


def test_no_secret_is_shown() -> None:
    token = RefreshToken.make()
    password = Password.chosen_for(ANA, "correct horse battery")
    assert token.secret not in repr(token)
    assert password.value not in repr(password)


# --- Users --------------------------------------------------------------------------------------


def test_a_new_user_is_not_verified_and_trusted_with_nothing_special() -> None:
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


def test_a_role_is_added_to_those_there_are(user: User) -> None:
    user.grant(Role.ADMIN, now=NOW + DAY)
    user.grant(Role.ADMIN, now=NOW + DAY)
    assert user.roles == {Role.USER, Role.ADMIN}
    assert user.updated_at == NOW + DAY


def test_a_user_is_renamed(user: User) -> None:
    user.rename(FullName("Ana Maria"), now=NOW + DAY)
    assert (user.full_name.value, user.updated_at) == ("Ana Maria", NOW + DAY)


# --- Sessions -----------------------------------------------------------------------------------


def test_a_session_lives_until_it_was_idle_for_too_long() -> None:
    session = Session.start(uuid4(), limits=LIMITS, now=NOW)
    assert session.is_live(now=NOW)
    assert session.is_live(now=NOW + 14 * DAY - MOMENT)
    assert not session.is_live(now=NOW + 14 * DAY)


def test_a_session_that_is_used_lives_on_but_never_longer_than_it_may_in_all() -> None:
    session = Session.start(uuid4(), limits=LIMITS, now=NOW)
    session.extend(limits=LIMITS, now=NOW + 10 * DAY)
    assert session.expires_at == NOW + 24 * DAY
    session.extend(limits=LIMITS, now=NOW + 80 * DAY)
    assert session.expires_at == NOW + 90 * DAY


def test_a_session_does_not_even_start_with_more_than_it_may_have_in_all() -> None:
    limits = SessionLimits(idle=14 * DAY, in_all=2 * DAY)
    assert Session.start(uuid4(), limits=limits, now=NOW).expires_at == NOW + 2 * DAY


def test_a_revoked_session_is_dead() -> None:
    session = Session.start(uuid4(), limits=LIMITS, now=NOW)
    session.revoked_at = NOW
    assert not session.is_live(now=NOW)


def test_a_refresh_token_can_not_be_guessed_and_is_known_by_its_fingerprint() -> None:
    token, other = RefreshToken.make(), RefreshToken.make()
    assert token.secret.startswith("rt_")
    assert len(token.secret) == len("rt_") + 43
    assert token.fingerprint == RefreshToken(token.secret).fingerprint != other.fingerprint
    assert token.secret not in token.fingerprint
    assert len(token.fingerprint) == 64


@pytest.mark.parametrize("secret", ["", "rt_", "x", "é", "\x00"])
def test_whatever_is_presented_as_a_refresh_token_has_a_fingerprint(secret: str) -> None:
    assert len(RefreshToken(secret).fingerprint) == 64
