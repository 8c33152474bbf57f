"""Decimals, dates, times and durations that clients may send: each exact, and in one form.

    Price = Annotated[Decimal, Scale(2, least=0)]

The forms are strings, in bodies, queries and paths.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.core.http.json_schema import TIME
from app.core.value_forms import MAX_DIGITS, decimal_text, duration_text, parse_duration

FIRST_DATE: Final = dt.date(1900, 1, 1)
LAST_DATE: Final = dt.date(2200, 12, 31)
LONGEST: Final = dt.timedelta(days=36_525)

# RFC 3339: full-date, and partial-time, a time of the day without an offset.
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?", re.ASCII)
_DURATION_PATTERN: Final = (
    r"P(?=.)([0-9]{1,8}W|([0-9]{1,8}D)?"
    r"(T(?=.)([0-9]{1,8}H)?([0-9]{1,8}M)?([0-9]{1,8}(\.[0-9]+)?S)?)?)"
)


def _date(value: object) -> dt.date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date", "YYYY-MM-DD")
    try:
        date = dt.date.fromisoformat(value)
    except ValueError:  # such as the 30th of February
        raise PydanticCustomError("date", "YYYY-MM-DD") from None
    if not FIRST_DATE <= date <= LAST_DATE:
        raise PydanticCustomError("date_range", "years 1900 to 2200")
    return date


def _time(value: object) -> dt.time:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise PydanticCustomError("time", "hh:mm:ss")
    return dt.time.fromisoformat(value)  # digits after the microseconds are dropped


def _text_form(read: Callable[[object], Any], write: Callable[[Any], str]) -> CoreSchema:
    text = core_schema.str_schema()
    return core_schema.no_info_plain_validator_function(
        read,
        json_schema_input_schema=text,
        serialization=core_schema.plain_serializer_function_ser_schema(
            write, return_schema=text, when_used="json"
        ),
    )


Date = Annotated[dt.date, BeforeValidator(_date)]
"""A day, `2026-01-31`, in the years 1900 to 2200."""

Time = Annotated[dt.time, BeforeValidator(_time), WithJsonSchema(TIME)]
"""A time of the day without an offset, `09:30:00`. Digits after the microseconds are dropped."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The exactness of a decimal number: `Annotated[Decimal, Scale(2, digits=12, least=0)]`.

    `places` is the number of decimals, `digits` the number of all digits, 18 at most. `least` and
    `most` are its bounds. A number with fewer decimals gets zeros: `"5"` is read as `5.00`. More
    decimals are refused, because rounding is not defined. Exponents, and numbers without quotes,
    are refused too.
    """

    places: int
    digits: int = MAX_DIGITS
    least: Decimal | int | None = None
    most: Decimal | int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.places <= self.digits <= MAX_DIGITS or self.digits == 0:
            message = f"{self}: 0 to {MAX_DIGITS} decimals, and {MAX_DIGITS} digits at most"
            raise ValueError(message)

    @property
    def pattern(self) -> str:
        """The text form, as a regular expression that JavaScript understands too."""
        sign = "-?" if self.least is None or self.least < 0 else ""
        return f"^{sign}{self._unsigned}$"

    @property
    def _unsigned(self) -> str:
        whole = self.digits - self.places
        integer = f"(0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
        fraction = rf"(\.[0-9]{{1,{self.places}}})?" if self.places else ""
        return integer + fraction

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _text_form(self._reader(), decimal_text)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        least = "" if self.least is None else f"At least {self.least}. "
        most = "" if self.most is None else f"At most {self.most}. "
        told = f"{least}{most}".strip()
        described = {"description": told} if told else {}
        return {"format": "decimal", "pattern": self.pattern, **described, **handler(schema)}

    def _reader(self) -> Callable[[object], Decimal]:
        is_number = re.compile(f"-?{self._unsigned}").fullmatch
        unit = Decimal(1).scaleb(-self.places)
        figures = {"whole": max(1, self.digits - self.places), "places": self.places}

        def read(value: object) -> Decimal:
            if not isinstance(value, str):
                raise PydanticCustomError("decimal_type", "a string")
            if not is_number(value):
                raise PydanticCustomError("decimal", "plain digits", figures)
            number = Decimal(value).quantize(unit)
            self._require_bounds(number)
            return number or number.copy_abs()

        return read

    def _require_bounds(self, number: Decimal) -> None:
        least, most = self.least, self.most
        # The pattern of a number that cannot be negative allows no sign, also not before zero.
        if least is not None and (number < least or (number.is_signed() and least >= 0)):
            told = {"ge": decimal_text(Decimal(least))}
            raise PydanticCustomError("greater_than_equal", "too small", told)
        if most is not None and number > most:
            told = {"le": decimal_text(Decimal(most))}
            raise PydanticCustomError("less_than_equal", "too large", told)


@dataclass(frozen=True, slots=True)
class DurationRange:
    """The range of a duration: `Annotated[timedelta, DurationRange(most=…)]`.

    Its form is ISO 8601, in weeks or in days, hours, minutes and seconds: `P2W`, `PT1H30M`. Years
    and months are refused, because they have no fixed length.
    """

    least: dt.timedelta = dt.timedelta()
    most: dt.timedelta = LONGEST

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return _text_form(self._read, duration_text)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        sign = "" if self.least >= dt.timedelta() else "-?"
        return {
            "format": "duration",
            "pattern": f"^{sign}{_DURATION_PATTERN}$",
            "description": f"{duration_text(self.least)} to {duration_text(self.most)}.",
            **handler(schema),
        }

    def _read(self, value: object) -> dt.timedelta:
        try:
            duration = parse_duration(value if isinstance(value, str) else "")
        except ValueError:
            raise PydanticCustomError("duration", "ISO 8601") from None
        if duration < self.least:
            raise PydanticCustomError(
                "greater_than_equal", "too short", {"ge": duration_text(self.least)}
            )
        if duration > self.most:
            raise PydanticCustomError(
                "less_than_equal", "too long", {"le": duration_text(self.most)}
            )
        return duration


Duration = Annotated[dt.timedelta, DurationRange()]
"""A duration of up to 100 years, such as `PT1H30M`."""
