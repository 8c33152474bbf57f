"""The order of a list, and the rows after a position in it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Label, Select, UnaryExpression, bindparam, tuple_
from sqlalchemy.sql import operators, visitors

SortColumn = ColumnElement[Any]


class Key(NamedTuple):
    """A column that a list is sorted by. Null comes after all values; in descending order, before.

    `name` is the parameter for its value at a position, `row_name` its name in the rows.
    """

    column: ColumnElement[Any]
    is_descending: bool
    is_nullable: bool
    name: str
    row_name: str

    @property
    def ordered(self) -> ColumnElement[Any]:
        return self.directed(self.column)

    def directed(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the order by a column with the same values, such as in a subquery."""
        if not self.is_nullable:
            return column.desc() if self.is_descending else column.asc()
        return column.desc().nulls_first() if self.is_descending else column.asc().nulls_last()

    @property
    def seen(self) -> ColumnElement[Any]:
        return bindparam(self.name, type_=self.column.type)

    @property
    def reversed(self) -> "Key":
        return self._replace(is_descending=not self.is_descending)


class Order(NamedTuple):
    """The keys that a list is sorted by, the first one first; no two rows have the same values."""

    keys: tuple[Key, ...]

    @property
    def hidden(self) -> list[Key]:
        """The keys that the rows contain only for the position."""
        return [key for key in self.keys if key.row_name == key.name]

    @property
    def reversed(self) -> "Order":
        return Order(tuple(key.reversed for key in self.keys))

    @property
    def description(self) -> str:
        """A text that distinguishes it from other orders."""
        return str([(key.name, str(key.column.type), key.is_descending) for key in self.keys])


def order_by(columns: Sequence[SortColumn], unique: Column[Any], rows: Select[Any]) -> Order:
    """Return the order by columns; `unique` comes last, in the direction of the one before.

    Raises ValueError if two of them have the same name.
    """
    keys = [_key(column, rows) for column in columns]
    if not any(key.column is unique for key in keys):
        is_descending = keys[-1].is_descending if keys else False
        keys.append(_key(unique.desc() if is_descending else unique, rows))
    if len({key.name for key in keys}) < len(keys):  # their parameters would be one
        message = f"two columns of one order have the same name: {[key.name for key in keys]}"
        raise ValueError(message)
    return Order(tuple(keys))


def _key(column: SortColumn, rows: Select[Any]) -> Key:
    is_descending = isinstance(column, UnaryExpression) and column.modifier is operators.desc_op
    if isinstance(column, UnaryExpression) and column.modifier is not None:
        column = column.element
    name = f"seen_{getattr(column, 'name', 'key')}"
    return Key(column, is_descending, _is_nullable(column), name, _row_name(column, name, rows))


def _row_name(column: SortColumn, name: str, rows: Select[Any]) -> str:
    for shown in rows.selected_columns:
        if shown is column or (isinstance(shown, Label) and shown.element is column):
            return str(shown.name)
    return name  # it is not shown, and is in the rows for the position only


def _is_nullable(column: SortColumn) -> bool:
    """Return whether it may be null: an expression may be if one of its columns may be."""
    parts = visitors.iterate(column)
    return any(part.nullable for part in parts if isinstance(part, Column))


def walks_after(keys: Sequence[Key], nulls: frozenset[str]) -> list[list[ColumnElement[bool]]]:
    """Return the conditions for the rows after a position, each supported by an index.

    No row meets two of them. One condition for all would be an OR, for which an index is read from
    its beginning.
    """
    walks: list[list[ColumnElement[bool]]] = []
    equal: list[ColumnElement[bool]] = []
    is_covered = False
    for place, key in enumerate(keys):
        rest = keys[place:]
        if not is_covered:
            is_covered = _is_uniform(rest, nulls)
            if is_covered:
                walks.append([*equal, _is_after(rest)])
            elif key.name not in nulls:
                walks.append([*equal, _is_after([key])])
        if key.is_nullable and key.is_descending == (key.name in nulls):
            is_null = key.column.is_(None)
            walks.append([*equal, ~is_null if key.is_descending else is_null])
        equal.append(key.column.is_(None) if key.name in nulls else key.column == key.seen)
    return walks


def _is_uniform(keys: Sequence[Key], nulls: frozenset[str]) -> bool:
    """Return whether one comparison of rows finds what comes after the position."""
    is_one_way = len({key.is_descending for key in keys}) == 1
    return is_one_way and not any(key.name in nulls for key in keys)


def _is_after(keys: Sequence[Key]) -> ColumnElement[bool]:
    here = tuple_(*(key.column for key in keys)) if len(keys) > 1 else keys[0].column
    seen = tuple_(*(key.seen for key in keys)) if len(keys) > 1 else keys[0].seen
    return here < seen if keys[0].is_descending else here > seen
