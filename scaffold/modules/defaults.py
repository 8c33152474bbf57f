"""Defaults of fields: `default=X`, a value of the field's type."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from scaffold.errors import Refusal
from scaffold.modules.names import article_of
from scaffold.modules.types import Type

_LONGEST_TEXT: Final = 1_000


def require_default(name: str, type_: Type, default: str) -> None:
    """Raise Refusal unless the text is a value of the type."""
    word = type_.word
    if word not in _IS_VALUE:
        raise Refusal(
            f"{name}: there is no default for {article_of(word)} {word}; write optional instead"
        )
    if not _IS_VALUE[word](type_, default):
        raise Refusal(
            f"{name}: {default!r} is not of the type {word}; write {_EXAMPLES[word](type_)}"
        )


def _is_text(kind: Type, text: str) -> bool:
    most = kind.length or _LONGEST_TEXT
    return (
        bool(text.strip()) and text.isprintable() and len(text) <= most and not set('"\\') & {*text}
    )


def _is_int(_kind: Type, text: str) -> bool:
    return re.fullmatch(r"0|-?[1-9][0-9]{0,9}", text) is not None and -(2**31) <= int(text) < 2**31


def _is_decimal(kind: Type, text: str) -> bool:
    try:
        number = Decimal(text)
        exact = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None
    except InvalidOperation:
        return False
    return (
        exact
        and number == round(number, kind.places)
        and abs(number) < Decimal(10) ** (kind.digits - kind.places)
    )


def _is_date(_kind: Type, text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text and "1900" <= text[:4] <= "2200"
    except ValueError:
        return False


_IS_VALUE: Final[Mapping[str, Callable[[Type, str], bool]]] = {
    "str": _is_text,
    "text": _is_text,
    "int": _is_int,
    "decimal": _is_decimal,
    "bool": lambda _kind, text: text in {"true", "false"},
    "date": _is_date,
    "enum": lambda kind, text: text in kind.values,
}
_EXAMPLES: Final[Mapping[str, Callable[[Type], str]]] = {
    "str": lambda kind: f"1 to {kind.length} letters without quotes",
    "text": lambda _kind: "letters without quotes",
    "int": lambda _kind: "a whole number of 32 bits, such as default=0",
    "decimal": lambda kind: f"default={Decimal(0).quantize(Decimal(1).scaleb(-kind.places))}",
    "bool": lambda _kind: "default=true or default=false",
    "date": lambda _kind: "default=2026-01-31",
    "enum": lambda kind: f"default={kind.values[0]}",
}
