"""Values for the tests and the demo data of a module, by the type of their field."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from scaffold.modules.types import Type

Sent = Any
"""A value as JSON has it."""

_FIRST_DAY: Final = dt.date(2027, 1, 1)
_NAMES: Final = ("ana", "bruno", "carla", "david", "elsa", "fabio")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def quoted(text: str) -> str:
    """Return a text as a literal of Python, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def literal(sent: Sent) -> str:
    """Return the literal of a value as it is sent in JSON."""
    if isinstance(sent, str):
        return quoted(sent)
    if isinstance(sent, list):
        return f"[{', '.join(map(literal, sent))}]"
    if isinstance(sent, dict):
        return f"{{{', '.join(f'{quoted(k)}: {literal(v)}' for k, v in sent.items())}}}"
    return repr(sent)


def example(name: str, type_: Type, number: int) -> Sent:
    """Return a value as it is sent and answered. Of types with an order it grows with `number`."""
    return _EXAMPLES[type_.word](name.replace("_", " "), type_, number)


def _text(label: str, type_: Type, number: int) -> str:
    text = f"{label.capitalize()} {number}"
    return text if len(text) <= type_.length else _LETTERS[number]


def _decimal(_label: str, type_: Type, number: int) -> str:
    unit = 0 if type_.digits > type_.places else -type_.places
    return exact(type_, Decimal(number + 1).scaleb(unit))


def _day(number: int) -> str:
    return (_FIRST_DAY + dt.timedelta(days=number)).isoformat()


def _id(_label: str, _type: Type, number: int) -> str:
    return f"00000000-0000-7000-8000-{number + 1:012x}"


_EXAMPLES: Final[Mapping[str, Callable[[str, Type, int], Sent]]] = {
    "str": _text,
    "email": lambda _label, _type, number: f"{_NAMES[number % len(_NAMES)]}@example.com",
    "text": lambda _label, _type, number: f"Some text {number},\nin two lines.",
    "int": lambda _label, _type, number: 10 + number,
    "decimal": _decimal,
    "bool": lambda _label, _type, number: number % 2 == 1,
    "date": lambda _label, _type, number: _day(number),
    "datetime": lambda _label, _type, number: f"{_day(number)}T09:30:00Z",
    "uuid": _id,
    "ref": _id,
    "enum": lambda _label, type_, number: type_.values[number % len(type_.values)],
    "list": lambda _label, _type, number: [f"first {number}", f"second {number}"],
    "lines": lambda _label, type_, number: [
        {child.name: example(child.name, child.type, number) for child in type_.fields}
    ],
}


def exact(type_: Type, number: Decimal) -> str:
    """Return a decimal as it is answered: with all its decimals."""
    return str(number.quantize(Decimal(1).scaleb(-type_.places)))


def value(type_: Type, enum: str, sent: Sent) -> str:
    """Return the expression of the domain for a value that was sent; `enum` is its class."""
    if type_.word == "enum":
        return f"{enum}.{sent.upper()}"
    if type_.word in {"uuid", "ref"}:
        return f"UUID({quoted(sent)})"
    if type_.word == "email":
        return f"EmailAddress({quoted(sent)})"
    if type_.word == "decimal":
        return f"Decimal({quoted(exact(type_, Decimal(sent)))})"
    if type_.word in {"date", "datetime"}:
        day = dt.date.fromisoformat(sent[:10])
        parts = f"{day.year}, {day.month}, {day.day}"
        is_day = type_.word == "date"
        return f"dt.date({parts})" if is_day else f"dt.datetime({parts}, 9, 30, tzinfo=dt.UTC)"
    return literal(sent)


def default_value(type_: Type, enum: str, written: str) -> str:
    """Return the expression of the domain for a default of the grammar."""
    return value(type_, enum, default_sent(type_, written))


def default_sent(type_: Type, written: str) -> Sent:
    """Return a default of the grammar as it is answered."""
    known: Mapping[str, Callable[[str], Sent]] = {
        "int": int,
        "bool": lambda text: text == "true",
        "decimal": lambda text: exact(type_, Decimal(text)),
    }
    return known.get(type_.word, str)(written)


def another_each_time(name: str, type_: Type, number: str) -> str:
    """Return an expression that is sent for a unique field; `number` is that of a counter."""
    label = name.replace("_", " ").capitalize()
    is_long = type_.length >= len(label) + 7
    known = {
        "str": f'f"{label} {{{number}}}"' if is_long else f'f"{{{number}:x}}"',
        "email": f'f"user{{{number}}}@example.com"',
        "int": number,
        "date": f"str(dt.date(2027, 1, 1) + dt.timedelta(days={number}))",
        "datetime": f'f"{{dt.date(2027, 1, 1) + dt.timedelta(days={number})}}T09:30:00Z"',
        "uuid": "str(new_id())",
    }
    return known[type_.word]
