"""Value objects that more than one module speaks of."""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Self

import idna

from app.core.exceptions import Invalid


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An e-mail address in its one canonical form, so that two spellings are one account.

    NFKC for the whole, casefold for the local part (no provider in use tells `Ana` from `ana`),
    IDNA 2008 for the domain, which folds it too. No display name, no comments, no quoted local
    part, no IP address.
    """

    MAX_LENGTH: ClassVar = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
    MAX_LOCAL_LENGTH: ClassVar = 64

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the canonical address. Raises Invalid for anything that is not one."""
        local, at, domain = unicodedata.normalize("NFKC", text.strip()).rpartition("@")
        local = unicodedata.normalize("NFKC", local.casefold())
        if not at or not _is_local_part(local) or len(local) > cls.MAX_LOCAL_LENGTH:
            raise _not_an_address()
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:  # idna's own errors are among them
            raise _not_an_address() from None
        address = f"{local}@{domain}"
        if not _is_public_domain(domain) or len(address) > cls.MAX_LENGTH:
            raise _not_an_address()
        return cls(address)

    def __str__(self) -> str:
        return self.value


def _is_local_part(local: str) -> bool:
    """Tell whether it is a dot-atom (RFC 5322, section 3.2.3, and RFC 6531 for letters).

    One with `=?` is refused: in a header a reader may take it for an encoded word (RFC 2047), which
    can stand for other addresses.
    """
    allowed = "!#$%&'*+-/=?^_`{|}~"
    return "=?" not in local and all(
        atom and all(char.isalnum() or char in allowed for char in atom)
        for atom in local.split(".")
    )


def _is_public_domain(domain: str) -> bool:
    """Tell whether it has a top level: no single name, no final dot, no IP address."""
    _, dot, top = domain.rpartition(".")
    return bool(dot and top) and not top.isdigit()


def _not_an_address() -> Invalid:
    return Invalid(
        "email", "must be an e-mail address such as ana@example.com", code="invalid_format"
    )
