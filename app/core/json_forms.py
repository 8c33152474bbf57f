"""Which types have a form in JSON. Answers and events are checked with it at the start.

A type without a form would fail at its first value, after the transaction was committed.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from app.core.exceptions import CompositionError

TEXTS: Final = (str, UUID, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta)
"""Types that JSON writes as strings."""

_VALUES: Final = {*TEXTS, bool, int, float, NoneType, None, Any, object}
_NAMES: Final = (Annotated, Required, NotRequired)
_UNIONS: Final = (Union, UnionType)
_LISTS: Final = (list, tuple, Sequence)
_OBJECTS: Final = (dict, Mapping)

Variables = Mapping[Any, Any]


class NoForm(CompositionError):
    """A type has no JSON form where one is needed. The service does not start with it."""


def require_form(hint: Any, *, of: str, is_read_back: bool = False) -> frozenset[Any]:
    """Return the types of the values that the type consists of, such as str and date.

    Raises NoForm if one has no form in JSON, with a sentence that says what, where and why. If
    `is_read_back`, each type of a union must have a form of its own.
    """
    forms = _Forms(is_read_back=is_read_back)
    for problem in forms.problems(hint, {}):
        raise NoForm(f"{of}: {problem}.")
    return frozenset(forms.values)


def writes_itself(kind: Any) -> bool:
    """Tell whether Pydantic writes values of a type: its models and its dataclasses."""
    return hasattr(kind, "__pydantic_serializer__")


class _Forms:
    def __init__(self, *, is_read_back: bool) -> None:
        self._is_read_back = is_read_back
        self._seen: set[Any] = set()
        self.values: set[Any] = set()

    def problems(self, hint: Any, variables: Variables) -> Iterator[str]:
        """Yield the problems of the types that a value consists of."""
        hint = _plain(hint, variables)
        origin, parts = get_origin(hint) or hint, get_args(hint)
        if origin in _UNIONS:
            yield from self._union(parts, variables)
        elif origin in _LISTS:
            for part in parts:
                if part is not Ellipsis:
                    yield from self.problems(part, variables)
        elif origin in _OBJECTS:
            yield from self._object(parts, variables)
        elif origin in _VALUES:
            self.values.add(origin)
        elif origin is not Literal:
            yield from self._class(hint, origin, variables)

    def _union(self, parts: Sequence[Any], variables: Variables) -> Iterator[str]:
        for part in parts:
            yield from self.problems(part, variables)
        texts = [part for part in parts if _is_text(_plain(part, variables))]
        if self._is_read_back and len(texts) > 1:
            names = " and ".join(map(_name, texts))
            yield f"JSON writes {names} as strings that look alike; use one type"

    def _object(self, parts: Sequence[Any], variables: Variables) -> Iterator[str]:
        if parts and _plain(parts[0], variables) not in {str, Any}:
            yield f"{_name(parts[0])} cannot be a key of a JSON object; use str"
        for part in parts[1:]:
            yield from self.problems(part, variables)

    def _class(self, hint: Any, origin: Any, variables: Variables) -> Iterator[str]:
        if writes_itself(origin):
            self.values.add(origin)
            return
        if hint in self._seen:
            return
        self._seen.add(hint)
        if is_dataclass(origin) or is_typeddict(origin):
            parameters = getattr(origin, "__parameters__", ())
            arguments = [_plain(part, variables) for part in get_args(hint)]
            known = dict(zip(parameters, arguments, strict=False))
            for name, part in _shown(origin).items():
                for problem in self.problems(part, known):
                    yield f"{_name(origin)}.{name}: {problem}"
        elif not _is_value(origin):
            yield f"{_name(hint)} has no form in JSON{_instead(origin)}"


def _plain(hint: Any, variables: Variables) -> Any:
    """Return the type without its name and annotations."""
    while True:
        if get_origin(hint) in _NAMES:
            hint = get_args(hint)[0]
        elif isinstance(hint, TypeVar):
            hint = variables.get(hint, hint.__bound__ or Any)
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        # a type of Python 3.12 or of typing_extensions
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        else:
            return hint


def _shown(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else list(hints)
    return {name: hints[name] for name in names if not name.startswith("_")}


def _is_text(hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return any(isinstance(value, str) for value in get_args(hint))
    return isinstance(hint, type) and issubclass(hint, TEXTS)


def _is_value(kind: Any) -> bool:
    if not isinstance(kind, type):
        return False
    if issubclass(kind, Enum):
        return all(isinstance(member.value, str | int | float | None) for member in kind)
    return issubclass(kind, str | int | float | UUID)


def _name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _instead(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, set | frozenset):
        return ": it has no order; use list"
    if kind is bytes:
        return ": use a text, such as the bytes in base64"
    return ""
