"""Which passwords are refused, with the real list of common ones."""

import pytest

from app.core.identity.common_passwords import common_passwords
from app.modules.user.domain.passwords import PasswordRules, WeakPassword
from app.shared.domain.value_objects import EmailAddress

ANA = EmailAddress("ana@example.com")
LONG_NAME = EmailAddress("ana.example@example.com")
COMMON = common_passwords()
RULES = PasswordRules(common=common_passwords, product="Brickyard")
LONG_AND_COMMON = sorted(word for word in COMMON if 12 <= len(word) <= 128)[::4]


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery",
        "abcdef" * 2,
        "839201746512",
        "x" * 122 + "abcdef",
        "日本語のパスワードです。",
        " leading and trailing ",
        "a\x00b\tc\nd-efghijk",
        "ana@example.com and more",
        "password of a giraffe",
        "the brickyard of my house",
    ],
)
def test_any_characters_make_a_password(text: str) -> None:
    assert RULES.choose(text, email=ANA).value == text


def refused(text: str, email: EmailAddress = LONG_NAME) -> tuple[str, str]:
    with pytest.raises(WeakPassword) as error:
        RULES.choose(text, email=email, field="new_password")
    [told] = error.value.errors
    assert text not in str(told) or not text
    return told["pointer"], told["code"]


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
        "Ana.Example-2027!",
        "brickyard2027",
        "BRICKYARD-brickyard",
        "password1234",
        "Password!2027!!",
        "passwordpassword",
        "2027:Passwordpassword!",
        "QWERTYuiop12",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(text: str) -> None:
    assert refused(text) == ("/new_password", "weak_password")


@pytest.mark.parametrize("text", LONG_AND_COMMON)
def test_a_common_password_is_refused(text: str) -> None:
    assert refused(text) == ("/new_password", "weak_password")
    assert refused(text.upper()) == ("/new_password", "weak_password")


def test_the_list_of_common_passwords_is_long() -> None:
    assert len(COMMON) > 3_000
    assert len(LONG_AND_COMMON) >= 50


def test_a_password_equal_to_the_local_part_is_refused() -> None:
    assert refused("Ana.B.Example", EmailAddress("ana.b.example@example.com"))
