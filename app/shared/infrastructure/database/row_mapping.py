"""The fields of a dataclass as columns of a table, by their names and types."""

from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from app.shared.domain.value_objects import Money
from app.shared.infrastructure.database.connection import Row
from app.shared.infrastructure.database.money import money_values, optional_money_of

Stored = TypeVar("Stored")
Convert = Callable[[Any], Any]


class RowMapping(Generic[Stored]):
    """Converts objects of a class to rows and back.

        LINE = RowMapping(Line)
        ChildRows(invoice_line, to_row=LINE.to_row, to_child=LINE.of_row)

    `Money` has the two columns of `money_columns`. The column of an enum has its value, and the
    column of a value object with one field, such as `EmailAddress`, has the value of that field.
    The column of any other field has its value unchanged. Raises TypeError for a field that is a
    dataclass of several fields.
    """

    def __init__(self, kind: type[Stored], *, without: Collection[str] = ()) -> None:
        hints = get_type_hints(kind)
        names = [each.name for each in fields(kind) if each.init and each.name not in without]  # type: ignore[arg-type]  # no protocol says that it is a dataclass
        money = [name for name in names if _without_none(hints[name]) is Money]
        self._kind, self._money = kind, money
        self._plain = [
            (name, *_conversions(hints[name], f"{kind.__name__}.{name}"))
            for name in names
            if name not in money
        ]
        self.columns: Final = {name for name, _, _ in self._plain}.union(
            *(money_values(name, None) for name in money)
        )

    def to_row(self, stored: Stored) -> dict[str, Any]:
        row = {name: to_column(getattr(stored, name)) for name, to_column, _ in self._plain}
        for name in self._money:
            row |= money_values(name, getattr(stored, name))
        return row

    def of_row(self, row: Row, **others: Any) -> Stored:
        """Return the object of a row; `others` are the fields that have no column."""
        values = {name: of_column(row[name]) for name, _, of_column in self._plain}
        for name in self._money:
            values[name] = optional_money_of(row, name)
        return self._kind(**values, **others)


def _conversions(hint: Any, where: str) -> tuple[Convert, Convert]:
    """Return what converts a value to that of its column, and back."""
    kind = _without_none(hint)
    if isinstance(kind, type) and issubclass(kind, Enum):
        inner = "value"
    elif is_dataclass(kind):
        if len(fields(kind)) > 1:
            message = f"{where}: no column holds a {kind}; convert its rows by hand"
            raise TypeError(message)
        inner = fields(kind)[0].name
    else:
        return _unchanged, _unchanged
    if kind is hint:
        return attrgetter(inner), kind
    return _or_none(attrgetter(inner)), _or_none(kind)


def _without_none(hint: Any) -> Any:
    """Return the type without `| None`, if it is one type."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    kinds = [part for part in get_args(hint) if part is not NoneType]
    return kinds[0] if len(kinds) == 1 else hint


def _unchanged(value: Any) -> Any:
    return value


def _or_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)
