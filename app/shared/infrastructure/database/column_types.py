"""Column types that are exact, and sort as their values do, on every database.

SQLite has no decimals, durations and arrays. It stores whole numbers of the smallest unit, and
JSON.
"""

import datetime as dt
import operator
from abc import abstractmethod
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Interval,
    Numeric,
    TypeDecorator,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from app.core.exceptions import CompositionError
from app.core.value_forms import MAX_DIGITS

Value = TypeVar("Value")
Convert = Callable[[Any], Any]

_MICROSECOND: Final = dt.timedelta(microseconds=1)
_LONGEST: Final = dt.timedelta(days=100_000_000)  # in microseconds this is a 64-bit integer


class WholeUnits(TypeDecorator[Value]):
    """A type that SQLite stores as a whole number of its smallest unit."""

    __abstract__ = True

    @abstractmethod
    def checked(self, value: Any) -> Value:
        """Return the value as it is stored. Raises an error if it does not fit."""

    @abstractmethod
    def to_units(self, value: Value) -> int: ...

    @abstractmethod
    def of_units(self, units: int) -> Value: ...

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return BigInteger() if dialect.name == "sqlite" else self.impl_instance

    def bind_processor(self, dialect: Dialect) -> Convert:
        checked, to_units, is_scaled = self.checked, self.to_units, dialect.name == "sqlite"

        def write(value: Any) -> Any:
            if value is None:
                return None
            return to_units(checked(value)) if is_scaled else checked(value)

        return write

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert | None:
        del coltype
        if dialect.name != "sqlite":
            return None
        of_units = self.of_units

        def read(units: Any) -> Any:
            if units is None:
                return None
            if type(units) is not int:  # SQLite continues in floating point beyond 64 bits
                message = "SQLite computed a value that is no longer exact"
                raise ArithmeticError(message)
            return of_units(units)

        return read


class ExactDecimal(WholeUnits[Decimal]):
    """A decimal number with a fixed number of decimals, and 18 digits at most: `ExactDecimal(2)`.

    `numeric(18, 2)` on PostgreSQL, a whole number of hundredths on SQLite.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, places: int, *, digits: int = MAX_DIGITS) -> None:
        if not 0 <= places <= digits <= MAX_DIGITS or digits == 0:
            message = f"ExactDecimal({places}, digits={digits}): {MAX_DIGITS} digits at most"
            raise ValueError(message)
        super().__init__(digits, places)
        self.places, self.digits = places, digits
        # One step in C that raises if there are more digits, or if one would be lost.
        exact = Context(digits, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[Inexact, InvalidOperation])
        self._exact, self._unit = exact, Decimal(1).scaleb(-places)

    def __repr__(self) -> str:
        return f"ExactDecimal({self.places}, digits={self.digits})"

    class comparator_factory(TypeDecorator.Comparator[Decimal]):  # noqa: N801 - SQLAlchemy's name
        def operate(self, op: Any, *other: Any, **options: Any) -> ColumnElement[Any]:
            result = super().operate(op, *other, **options)
            return _as_product(result) if op is operator.mul else result

        def reverse_operate(self, op: Any, other: Any, **options: Any) -> ColumnElement[Any]:
            result = super().reverse_operate(op, other, **options)
            return _as_product(result) if op is operator.mul else result

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Return the type of a value next to a column: a factor has its own type."""
        if op is not operator.mul or value is None:
            return self
        if isinstance(value, int):
            return BigInteger()
        if not isinstance(value, Decimal):
            raise CompositionError(
                f"a decimal times {value!r}: only whole numbers and decimals are exact factors; "
                f'write Decimal("{value}")'
            )
        return ExactDecimal(max(0, -int(value.as_tuple().exponent)))

    def checked(self, value: Decimal | int) -> Decimal:
        number = self._exact.quantize(value, self._unit)
        if number.is_nan():
            raise InvalidOperation
        return number

    def to_units(self, value: Decimal) -> int:
        return int(value.scaleb(self.places))

    def of_units(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self.places)


def _as_product(product: Any) -> ColumnElement[Any]:
    """Give a product the decimals of both factors, which it has on either database."""
    factors = (product.left.type, product.right.type)
    places = sum(factor.places for factor in factors if isinstance(factor, ExactDecimal))
    return type_coerce(product, ExactDecimal(places))


class Duration(WholeUnits[dt.timedelta]):
    """A duration, to the microsecond: `interval` on PostgreSQL, microseconds on SQLite."""

    impl = Interval
    cache_ok = True

    def __repr__(self) -> str:
        return "Duration()"

    def checked(self, value: dt.timedelta) -> dt.timedelta:
        if not -_LONGEST <= value <= _LONGEST:
            raise OverflowError
        return value

    def to_units(self, value: dt.timedelta) -> int:
        return value // _MICROSECOND

    def of_units(self, units: int) -> dt.timedelta:
        return dt.timedelta(microseconds=units)


class ListOf(TypeDecorator[list[Any]]):
    """A list of values of one type: `ListOf(Date())`; `array_has` finds the rows that contain one.

    An array on PostgreSQL, JSON on SQLite. The values are stored as in a column of their type.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def __repr__(self) -> str:
        return f"ListOf({self.item!r})"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return JSON() if dialect.name == "sqlite" else ARRAY(self.item)

    def bind_processor(self, dialect: Dialect) -> Convert:
        write_item = self.item.dialect_impl(dialect).bind_processor(dialect)
        is_json = dialect.name == "sqlite"

        def write(items: list[Any] | None) -> Any:
            if items is None:
                return None
            written = items if write_item is None else [write_item(item) for item in items]
            return orjson.dumps(written).decode() if is_json else written

        return write

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert | None:
        if dialect.name != "sqlite":
            return None
        read_item = self.item.dialect_impl(dialect).result_processor(dialect, coltype)

        def read(text: str | None) -> Any:
            items = None if text is None else orjson.loads(text)
            return [read_item(item) for item in items] if read_item and items else items

        return read
