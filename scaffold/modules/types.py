"""The types of fields, and how they are written."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from scaffold.errors import Refusal
from scaffold.modules.names import MODULE

if TYPE_CHECKING:
    from scaffold.modules.fields import Field

MOST_DIGITS: Final = 18
LONGEST_LINE: Final = 1_000
_LONGEST_VALUE: Final = 50
_LONGEST_EMAIL: Final = 254
_VALUE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")

TYPES: Final = {
    "str": "str or str.200",
    "text": "text",
    "int": "int",
    "decimal": "decimal or decimal.12.2",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "uuid": "uuid",
    "enum": "enum.draft.sent.paid",
    "list": "list.str",
    "ref": "ref.task",
    "lines": "lines(description:str quantity:decimal.12.3)",
}
"""Each type with an example of how it is written."""


@dataclass(frozen=True)
class Type:
    """The type of a field; of the rest only what belongs to the type has a value."""

    word: str
    length: int = 0
    digits: int = 0
    places: int = 0
    values: tuple[str, ...] = ()
    module: str = ""
    """The module that a `ref` refers to."""
    fields: tuple["Field", ...] = ()
    """Of the child rows of `lines`."""


def read_type(name: str, written: str) -> Type:
    """Return the type of a field, but for `lines`. Raises Refusal."""
    word, *parameters = written.split(".")
    require_type(name, word)
    if word not in _READ:
        raise miswritten(name, word, written)
    return _READ[word](name, word, parameters)


def require_type(name: str, word: str) -> None:
    """Raise Refusal unless there is such a type."""
    if word not in TYPES:
        raise Refusal(f"{name}: there is no type {word!r}; {nearest(word, TYPES)}")


def _plain(name: str, word: str, parameters: list[str]) -> Type:
    if parameters:
        raise miswritten(name, word, ".".join([word, *parameters]))
    return Type(word)


def _str(name: str, word: str, parameters: list[str]) -> Type:
    numbers = _numbers(name, word, parameters, most=1)
    length = numbers[0] if numbers else 200
    if not 1 <= length <= LONGEST_LINE:
        raise Refusal(
            f"{name}: a str has 1 to {LONGEST_LINE} characters; write str.200 or the like, or text"
        )
    if is_email(name):
        return Type("email", length=_LONGEST_EMAIL)
    return Type(word, length=length)


def is_email(name: str) -> bool:
    """Tell whether a str of this name is an email address, as everywhere in the project."""
    return name == "email" or name.endswith("_email")


def _decimal(name: str, word: str, parameters: list[str]) -> Type:
    numbers = _numbers(name, word, parameters, most=2)
    if len(numbers) == 1:
        raise miswritten(name, word, ".".join([word, *parameters]))
    digits, places = numbers or (12, 2)
    if not 0 <= places <= digits <= MOST_DIGITS or digits == 0:
        raise Refusal(
            f"{name}: a decimal has at most {MOST_DIGITS} digits, and of these so many decimals; "
            "write decimal.12.2 or the like"
        )
    return Type(word, digits=digits, places=places)


def _enum(name: str, word: str, parameters: list[str]) -> Type:
    if len(parameters) < 2:  # noqa: PLR2004 - one value is no choice
        raise Refusal(f"{name}: an enum needs two values or more; write enum.draft.sent")
    for value in parameters:
        if not _VALUE.fullmatch(value):
            raise Refusal(
                f"{name}: {value!r} is no value of an enum: write words of letters and digits, "
                "joined by _, such as in_progress or EUR"
            )
        if [each.upper() for each in parameters].count(value.upper()) > 1:
            raise Refusal(f"{name}: the value {value} is there twice; leave one out")
        if len(value) > _LONGEST_VALUE:
            raise Refusal(f"{name}: the value {value} has more than 50 letters; shorten it")
    return Type(word, values=tuple(parameters))


def _list(name: str, word: str, parameters: list[str]) -> Type:
    if parameters != ["str"]:
        raise Refusal(f"{name}: the one list is list.str; write {name}:list.str")
    return Type(word, length=100)


def _ref(name: str, word: str, parameters: list[str]) -> Type:
    if len(parameters) != 1 or not MODULE.fullmatch(parameters[0]):
        raise Refusal(f"{name}: a ref names one module; write {name}:ref.task")
    if not name.endswith("_id"):
        raise Refusal(f"{name}: a ref is an id, and its name says so; write {name}_id:{word}.…")
    return Type(word, module=parameters[0])


_READ: Final[Mapping[str, Callable[[str, str, list[str]], Type]]] = {
    **dict.fromkeys(("text", "int", "bool", "date", "datetime", "uuid"), _plain),
    "str": _str,
    "decimal": _decimal,
    "enum": _enum,
    "list": _list,
    "ref": _ref,
}


def _numbers(name: str, word: str, parameters: list[str], *, most: int) -> list[int]:
    if len(parameters) > most or not all(re.fullmatch(r"[0-9]{1,4}", each) for each in parameters):
        raise miswritten(name, word, ".".join([word, *parameters]))
    return [int(each) for each in parameters]


def miswritten(name: str, word: str, written: str) -> Refusal:
    return Refusal(f"{name}: {written!r} is no {word}; write {TYPES[word]}")


def nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"write {near[0]}" if near else f"write one of {', '.join(names)}"
