"""Value objects that several modules use."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import total_ordering
from typing import ClassVar, Final, Self

import idna

from app.core.exceptions import Conflict, Invalid
from app.shared.domain.currencies import PLACES

_SIGNS: Final = frozenset("!#$%&'*+-/=?^_`{|}~")
# Full-width forms of East Asian keyboards, mapped to ASCII as in user names (RFC 8265, 3.3.2).
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Invisible letters and marks (Unicode, Default_Ignorable_Code_Point).
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)

# Wide enough for the exact product of an amount and a factor; the thread's own may be narrower.
_EXACT: Final = Context(prec=100, Emin=MIN_EMIN, Emax=MAX_EMAX)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An email address as its owner wrote it: email goes to this form.

    The local part is in NFC (RFC 6532, section 3.1), the domain is encoded by IDNA 2008, which
    folds it too. Display names, comments, quoted local parts and IP addresses are not allowed.
    """

    MAX_LENGTH: ClassVar = 254  # octets: RFC 5321, section 4.5.3.1.3, less the angle brackets
    MAX_LOCAL_LENGTH: ClassVar = 64  # octets: RFC 5321, section 4.5.3.1.1

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address. Raises Invalid if it is not valid."""
        text = text.strip().translate(_WIDE)
        if len(text) > cls.MAX_LENGTH:  # checked first: the rest takes longer for longer texts
            raise _not_an_address()
        local, _, domain = unicodedata.normalize("NFC", text).rpartition("@")
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:  # idna's own errors are ValueErrors too
            raise _not_an_address() from None
        if not (_is_local_part(local) and _is_local_part(_folded(local))):
            raise _not_an_address()
        address = cls(f"{local}@{domain}")
        if not (_is_public_domain(domain) and address._is_short()):
            raise _not_an_address()
        return address

    @property
    def key(self) -> str:
        """The one form of all spellings: accounts are found by it, and no two accounts share it.

        It is NFKC, and casefold for the local part: no provider in use distinguishes `Ana` and
        `ana`. Some may distinguish `straße` and `strasse`, so no email is sent to this form.
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
    """Return whether it is a dot-atom (RFC 5322, section 3.2.3, and RFC 6531 beyond ASCII).

    A local part with `=?` is refused: a reader may take it for an encoded word (RFC 2047) in a
    header, which can stand for other addresses.
    """
    if "=?" in local or _INVISIBLE.search(local):
        return False
    return all(_is_atom(atom) for atom in local.split("."))


def _is_atom(atom: str) -> bool:
    """Return whether it has letters, digits, signs, and marks after them (vowels of Hindi)."""
    return (
        bool(atom)
        and not _is_mark(atom[0])
        and all(char.isalnum() or char in _SIGNS or _is_mark(char) for char in atom)
    )


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _is_public_domain(domain: str) -> bool:
    """Return whether it has a top level: no single name, no final dot, no IP address."""
    _, dot, top = domain.rpartition(".")
    return bool(dot and top) and not top.isdigit()


def _not_an_address() -> Invalid:
    return Invalid(
        "email", "must be an email address such as ana@example.com", code="invalid_format"
    )


class CurrencyMismatch(Conflict):
    """Amounts in two currencies cannot be added or compared: there is no exchange rate."""

    code = "currency_mismatch"
    message = "These amounts are in different currencies."


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency of ISO 4217, with exactly the decimals of the currency.

    `Money(Decimal("12.5"), "EUR")` is 12.50 euros; a third decimal is refused. If a computation
    gives more decimals, use `rounded` or `times`, which round half to even by default.
    """

    LIMIT: ClassVar = Decimal(10) ** 14  # so that 18 digits hold all of it, with four decimals

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Give the amount its decimals.

        Raises Invalid if the amount or the currency is not valid.
        """
        places = PLACES.get(self.currency)
        if places is None:
            raise Invalid("currency", "must be a currency code of ISO 4217", code="invalid_format")
        if not (self.amount.is_finite() and self.amount.copy_abs() < self.LIMIT):
            raise Invalid("amount", f"must be less than {self.LIMIT:f}", code="out_of_range")
        exact = self.amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _EXACT)
        if exact != self.amount:
            rule = f"must have at most {places} decimals in {self.currency}"
            raise Invalid("amount", rule, code="invalid_format")
        object.__setattr__(self, "amount", exact or exact.copy_abs())

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(Decimal(0), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str, *, rounding: str = ROUND_HALF_EVEN) -> Self:
        """Return the amount with the decimals of the currency; the modes are those of `decimal`."""
        # The constructor refuses unknown currencies and amounts that are too large.
        unit = Decimal(1).scaleb(-PLACES.get(currency, 0))
        is_small = amount.is_finite() and amount.copy_abs() < cls.LIMIT
        return cls(amount.quantize(unit, rounding, _EXACT) if is_small else amount, currency)

    def times(self, factor: Decimal | int, *, rounding: str = ROUND_HALF_EVEN) -> Self:
        """Return the product, rounded once: `price.times(Decimal("0.19"))`."""
        product = _EXACT.multiply(self.amount, factor)
        return self.rounded(product, self.currency, rounding=rounding)

    def allocate(self, weights: Sequence[Decimal | int]) -> list[Self]:
        """Divide it in proportion to the weights, without losing a cent.

        Each part is rounded towards zero. The remaining cents go to the parts that lost most by it,
        the first among equals. Raises ValueError if a weight is negative, or all are zero.
        """
        total = sum(Fraction(weight) for weight in weights)
        if not total or min(weights) < 0:
            message = "the weights must be 0 or more, and not all 0"
            raise ValueError(message)
        places = PLACES[self.currency]
        cents = abs(int(self.amount.scaleb(places, _EXACT)))
        due = [cents * Fraction(weight) / total for weight in weights]
        parts = [int(each) for each in due]
        lost_most = sorted(range(len(due)), key=lambda part: parts[part] - due[part])
        for part in lost_most[: cents - sum(parts)]:
            parts[part] += 1
        amounts = (Decimal(part).scaleb(-places, _EXACT) for part in parts)
        return [type(self)(each.copy_sign(self.amount), self.currency) for each in amounts]

    def split(self, parts: int) -> list[Self]:
        """Divide it evenly, without losing a cent: the first parts get one more."""
        return self.allocate([1] * parts)

    def __add__(self, other: Self) -> Self:
        return type(self)(_EXACT.add(self.amount, self._amount_of(other)), self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(_EXACT.subtract(self.amount, self._amount_of(other)), self.currency)

    def __neg__(self) -> Self:
        return type(self)(self.amount.copy_negate(), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._amount_of(other)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _amount_of(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch
        return other.amount
