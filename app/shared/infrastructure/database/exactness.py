"""Refuses statements that SQLite would compute differently.

SQLite stores decimals and durations as whole numbers of their smallest unit. Compared with another
type, or passed to a function that does not know the unit, such a number means something else.
"""

import operator
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Case, Cast, Function, Integer, TypeCoerce
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.types import NullType, TupleType, TypeEngine

from app.core.exceptions import CompositionError
from app.shared.infrastructure.database.column_types import ExactDecimal, WholeUnits

Types = list[TypeEngine[Any]]

_SQLITE: Final[Dialect] = SQLiteDialect()
_ONLY_COUNTS: Final = {"count"}
_TAKES_NUMBER: Final = {"lag", "lead", "nth_value"}  # after the value: of which row
_UNKNOWN: Final = TypeEngine[Any]()
_BETWEEN: Final = {operators.between_op, operators.not_between_op}
_ADDS: Final = {operator.add, operator.sub}


def require_exact(statement: Any) -> None:
    """Raise CompositionError if a statement combines a decimal or a duration with another type."""
    for element in visitors.iterate(statement):
        for types in _meeting(element):
            if not _is_exact(types):
                raise CompositionError(_sentence(element, types))


def _meeting(element: Any) -> Iterator[Types]:
    """Return the types that must be one."""
    if isinstance(element, BinaryExpression):
        yield from _of_operation(element)
    elif isinstance(element, Function) and element.name not in _ONLY_COUNTS:
        arguments = [argument.type for argument in element.clauses]
        result = _UNKNOWN if isinstance(element.type, NullType) else element.type
        yield [*(arguments[:1] if element.name in _TAKES_NUMBER else arguments), result]
    elif isinstance(element, Case):
        results = [*(result for _, result in element.whens), element.else_]
        yield [result.type for result in results if result is not None]
    elif isinstance(element, Cast | TypeCoerce) and not _is_product(element):
        yield [element.clause.type, element.type]


def _of_operation(operation: BinaryExpression[Any]) -> Iterator[Types]:
    left, right = operation.left.type, operation.right.type
    if isinstance(left, TupleType):
        for pair in zip_longest(left.types, getattr(right, "types", [])):
            yield [kind for kind in pair if kind is not None]
    elif operation.operator in _BETWEEN:
        bounds: Iterator[Any] = iter(operation.right.get_children())
        yield [left, *(bound.type for bound in bounds)]
    elif operators.is_comparison(operation.operator) or operation.operator in _ADDS:
        yield [left, right]
    elif operation.operator is not operator.mul:
        yield [left, right, _UNKNOWN]  # such as a quotient: SQLite drops its fraction
    elif not _multiplies(left, right):
        yield [left, right]


def _is_product(element: Any) -> bool:
    """Whether it is the product that `ExactDecimal` creates, to know its decimals."""
    inner = element.clause
    return isinstance(inner, BinaryExpression) and inner.operator is operator.mul


def _multiplies(left: TypeEngine[Any], right: TypeEngine[Any]) -> bool:
    return isinstance(left, ExactDecimal | Integer) and isinstance(right, ExactDecimal | Integer)


def _is_exact(types: Types) -> bool:
    units = {_unit(kind) for kind in types if not isinstance(kind, NullType)}
    return len(units) <= 1


def _unit(kind: TypeEngine[Any]) -> object:
    """Return the unit of what SQLite stores as a number; None for all other types."""
    if isinstance(kind, ExactDecimal):
        return kind.places
    return WholeUnits if isinstance(kind, WholeUnits) else None


def _sentence(element: Any, types: Types) -> str:
    met = " and ".join(dict.fromkeys(repr(kind) for kind in types if kind is not _UNKNOWN))
    return (
        f"{element.compile(dialect=_SQLITE)}: with {met}, SQLite computes another number than "
        "PostgreSQL; use one type for all (type_= sets a function's), or compute it in Python"
    )
