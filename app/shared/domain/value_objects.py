"""Value objects that more than one module speaks of."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import idna

from app.core.exceptions import Invalid

_SIGNS: Final = frozenset("!#$%&'*+-/=?^_`{|}~")
# ASCII as East Asian keyboards write it, mapped as in user names (RFC 8265, section 3.3.2).
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Letters and marks that nobody sees (Unicode, Default_Ignorable_Code_Point).
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An email address as its owner wrote it: email goes to this very form.

    The local part is in NFC (RFC 6532, section 3.1), the domain as IDNA 2008 encodes it, which
    folds it too. No display name, no comments, no quoted local part, no IP address.
    """

    MAX_LENGTH: ClassVar = 254  # octets: RFC 5321, section 4.5.3.1.3, less the angle brackets
    MAX_LOCAL_LENGTH: ClassVar = 64  # octets: RFC 5321, section 4.5.3.1.1

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address. Raises Invalid for anything that is not one."""
        text = text.strip().translate(_WIDE)
        if len(text) > cls.MAX_LENGTH:  # looked at first: the rest takes longer for longer ones
            raise _not_an_address()
        local, _, domain = unicodedata.normalize("NFC", text).rpartition("@")
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:  # idna's own errors are among them
            raise _not_an_address() from None
        if not (_is_local_part(local) and _is_local_part(_folded(local))):
            raise _not_an_address()
        address = cls(f"{local}@{domain}")
        if not (_is_public_domain(domain) and address._is_short()):
            raise _not_an_address()
        return address

    @property
    def key(self) -> str:
        """The one form of all spellings, by which an account is found: no two accounts share it.

        NFKC, and casefold for the local part: no provider in use tells `Ana` from `ana`. Other
        providers may tell `straße` from `strasse`, so nothing is sent to this form.
        """
        local, _, domain = self.value.rpartition("@")
        return f"{_folded(local)}@{domain}"

    def __str__(self) -> str:
        return self.value

    def _is_short(self) -> bool:
        local = self.value.rpartition("@")[0]
        return (
            len(local.encode()) <= self.MAX_LOCAL_LENGTH
            and len(self.value.encode()) <= self.MAX_LENGTH
            and len(self.key) <= self.MAX_LENGTH  # a column's width, in characters
        )


def _folded(local: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).casefold())


def _is_local_part(local: str) -> bool:
    """Tell whether it is a dot-atom (RFC 5322, section 3.2.3, and RFC 6531 beyond ASCII).

    One with `=?` is refused: in a header a reader may take it for an encoded word (RFC 2047), which
    can stand for other addresses.
    """
    if "=?" in local or _INVISIBLE.search(local):
        return False
    return all(_is_atom(atom) for atom in local.split("."))


def _is_atom(atom: str) -> bool:
    """Tell whether it has letters, digits, signs; and marks on them, such as vowels of Hindi."""
    return (
        bool(atom)
        and not _is_mark(atom[0])
        and all(char.isalnum() or char in _SIGNS or _is_mark(char) for char in atom)
    )


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _is_public_domain(domain: str) -> bool:
    """Tell whether it has a top level: no single name, no final dot, no IP address."""
    _, dot, top = domain.rpartition(".")
    return bool(dot and top) and not top.isdigit()


def _not_an_address() -> Invalid:
    return Invalid(
        "email", "must be an e-mail address such as ana@example.com", code="invalid_format"
    )
