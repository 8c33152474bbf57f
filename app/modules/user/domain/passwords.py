"""The rules of passwords: long enough, and hard to guess."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from app.core.exceptions import Invalid
from app.shared.domain.value_objects import EmailAddress


class WeakPassword(Invalid):
    """The password is too easy to guess."""

    code = "weak_password"
    message = "Choose a longer password that is not common, and not made from your address."


class SamePassword(Invalid):
    """The new password is the current one, which another person may know."""

    code = "same_password"
    message = "Choose a password that differs from the current one."

    def __init__(self) -> None:
        super().__init__("new_password", "must not be the current password", code=self.code)


@dataclass(frozen=True, slots=True)
class Password:
    """A password as it was typed: any characters; only its length and guessability are checked."""

    MIN_LENGTH: ClassVar = 12
    MAX_LENGTH: ClassVar = 128

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """The passwords that are refused (NIST SP 800-63B, section 3.1.1.2).

    `common` returns common passwords in lower case: a large set, which most processes never need.
    `product` is the name of the service.
    """

    SHORTEST_WORD: ClassVar = 3  # "ab" is part of too many words

    common: Callable[[], frozenset[str]] = field(repr=False)
    product: str

    def choose(self, text: str, /, *, email: EmailAddress, field: str = "password") -> Password:
        """Return the new password of an account. Raises WeakPassword if it is easy to guess."""
        if not Password.MIN_LENGTH <= len(text) <= Password.MAX_LENGTH:
            raise _weak(
                field, f"must have {Password.MIN_LENGTH} to {Password.MAX_LENGTH} characters"
            )
        if len(set(text)) < Password.MIN_LENGTH // 2:
            raise _weak(field, "must not repeat the same few characters")
        folded = text.casefold()
        if not self.common().isdisjoint(_hearts(folded)):
            raise _weak(field, "must not be a common password")
        if self._is_made_of(folded, email):
            raise _weak(field, "must not be made from the email address or the service's name")
        return Password(text)

    def _is_made_of(self, text: str, email: EmailAddress) -> bool:
        """Return whether only digits and signs remain without the known words."""
        rest = text
        words = [email.key, email.key.partition("@")[0], self.product.casefold()]
        for word in words:
            if len(word) >= self.SHORTEST_WORD:
                rest = rest.replace(word, "")
        return rest != text and not any(map(str.isalpha, rest))


def _hearts(text: str) -> Iterator[str]:
    """Return the text, and its core: without digits and signs around it, or half of a doubled one.

    Users who need more characters write password2027! or passwordpassword.
    """
    yield text
    letters = [place for place, character in enumerate(text) if character.isalpha()]
    heart = text[letters[0] : letters[-1] + 1] if letters else ""
    yield heart
    half = heart[: len(heart) // 2]
    if half * 2 == heart:
        yield half


def _weak(field: str, rule: str) -> WeakPassword:
    return WeakPassword(field, rule, code="weak_password")
