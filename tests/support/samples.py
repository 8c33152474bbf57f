"""Aggregates with a value in every field, created from their types.

A new field of an entity is included without a change here, and so in the tests that use it.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import Field, fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum
from functools import partial
from importlib import import_module
from itertools import count
from pkgutil import iter_modules
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from sqlalchemy import Column, String

import app.modules
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.value_objects import Money
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.owned_repository import OwnedRepository

Aggregate = TypeVar("Aggregate", bound=AggregateRoot)

_FIRST = dt.datetime(2026, 1, 1, 12, 0, 0, 123_456, tzinfo=dt.UTC)
_NUMBER = count()
_PLAIN: dict[Any, Callable[[int], Any]] = {
    bool: lambda number: number % 2 == 0,
    int: lambda number: number,
    str: lambda number: f"text {number} ção",
    UUID: lambda _: new_id(),
    dt.datetime: lambda number: _FIRST + dt.timedelta(hours=number, microseconds=number),
    dt.date: lambda number: _FIRST.date() + dt.timedelta(days=number),
    dt.time: lambda number: dt.time(9, 30, number % 60, number),
    dt.timedelta: lambda number: dt.timedelta(days=number, microseconds=1),
    Decimal: lambda number: Decimal(number) + Decimal("0.01"),
    Money: lambda number: Money(Decimal(number), ("EUR", "JPY", "BHD")[number % 3]),
}


def repositories() -> Iterator[type[BaseRepository[Any]]]:
    """Every repository of the modules."""
    for module in iter_modules(app.modules.__path__):
        import_module(f"app.modules.{module.name}.infrastructure.repositories")
    bases: tuple[type[BaseRepository[Any]], ...] = (BaseRepository, OwnedRepository)
    kinds = [kind for base in bases for kind in base.__subclasses__()]  # those of tests too
    yield from (kind for kind in kinds if kind.__module__.startswith("app.modules."))


def aggregate_of(repository: type[BaseRepository[Any]]) -> type[AggregateRoot]:
    """The aggregate of a repository: `class SqlUserRepository(BaseRepository[User])`."""
    (base,) = repository.__orig_bases__  # type: ignore[attr-defined]  # of each generic class
    (kind,) = get_args(base)
    found: type[AggregateRoot] = kind
    return found


def stored_fields(kind: type[AggregateRoot]) -> list[Field[Any]]:
    """All fields that must be stored."""
    return [field for field in fields(kind) if field.init]


def a_full(kind: type[Aggregate], **given: Any) -> Aggregate:
    """A new aggregate; each field has a unique value that is not the default."""
    hints, fit = get_type_hints(kind), _fit_of(kind)
    made = {
        field.name: _other_than(field.default, hints[field.name], partial(fit, field.name))
        for field in stored_fields(kind)
    }
    return kind(**{**made, "version": 0, **given})


def change(aggregate: AggregateRoot) -> None:
    """Give every field another value, except those that never change."""
    hints, fit = get_type_hints(type(aggregate)), _fit_of(type(aggregate))
    for field in stored_fields(type(aggregate)):
        if field.name not in {"id", "version", "created_at"}:
            seen = getattr(aggregate, field.name)
            setattr(
                aggregate,
                field.name,
                _other_than(seen, hints[field.name], partial(fit, field.name)),
            )


def state_of(aggregate: AggregateRoot) -> dict[str, Any]:
    """Return its fields as they must be found again."""
    return {field.name: getattr(aggregate, field.name) for field in stored_fields(type(aggregate))}


def _fit_of(kind: type[AggregateRoot]) -> Callable[[str, Any], Any]:
    """Return what makes the value of a field fit its column, or its child's columns."""
    repository = next((each for each in repositories() if aggregate_of(each) is kind), None)
    if repository is None:
        return lambda _name, value: value
    tables = {
        name: each._insert.executable.table  # type: ignore[attr-defined]  # an INSERT has one
        for name, each in repository.children.items()
    }

    def fit(name: str, value: Any) -> Any:
        if name not in tables:
            return _fitted(value, repository.table.c.get(name))
        columns = tables[name].c
        return [
            replace(child, **{f.name: fitted(child, f.name, columns) for f in fields(child)})
            for child in value
        ]

    def fitted(child: Any, name: str, columns: Any) -> Any:
        return _fitted(getattr(child, name), columns.get(name))

    return fit


def _fitted(value: Any, column: Column[Any] | None) -> Any:
    """Return a text or a number that is short enough for the column."""
    kind = None if column is None else column.type
    if isinstance(kind, ExactDecimal) and isinstance(value, Decimal):
        return Decimal(int(value * 100) % 10**kind.digits).scaleb(-kind.places)
    if isinstance(kind, String) and isinstance(value, str) and len(value) > (kind.length or 100):
        return "".join(filter(str.isdigit, value))[-(kind.length or 100) :]
    return value


def _other_than(seen: Any, hint: Any, fit: Callable[[Any], Any]) -> Any:
    values = (fit(_of_type(hint)) for _ in range(100))
    return next(value for value in values if value != seen)


def _of_type(hint: Any) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _of_type(next(part for part in parts if part is not NoneType))
    if origin in {list, tuple}:
        return origin(_of_type(parts[0]) for _ in range(2))
    if origin is frozenset:
        return frozenset({_of_type(parts[0])})
    if hint in _PLAIN:
        return _PLAIN[hint](next(_NUMBER))
    if issubclass(hint, Enum):
        return list(hint)[next(_NUMBER) % len(hint)]
    return _value_object(hint)


def _value_object(hint: type[Any]) -> Any:
    if not is_dataclass(hint):
        message = f"tests/support/samples.py does not know yet how to make a value of {hint}"
        raise TypeError(message)
    types = get_type_hints(hint)
    values: dict[str, Any] = {part.name: _of_type(types[part.name]) for part in fields(hint)}
    return hint(**values)
