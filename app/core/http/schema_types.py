"""What clients may send: strict base classes and field types.

Nothing is converted (`"12"` is no number), nothing unknown is ignored, and text holds only what can
be stored and shown.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from app.core.exceptions import Invalid
from app.core.http.combining_marks import MAX_MARKS, has_too_many_marks

EARLIEST: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST: Final = dt.datetime(2200, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)

MAX_ERRORS: Final = 100

# Python's own parser accepts more, and more with each version: 24:00, offsets of 90 minutes.
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LINE_BREAK_OR_BIDI: Final = re.compile(r"[\t\n\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNFIT_TO_SHOW: Final = re.compile(
    "|".join(pattern.pattern for pattern in (_CONTROL, _SURROGATE, _LINE_BREAK_OR_BIDI))
)


class Body(BaseModel):
    """A JSON body: exact types, no unknown field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Parameters(BaseModel):
    """Query parameters or form fields, which arrive as text.

    Unknown and repeated ones are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


def _unicode(value: str) -> str:
    if _SURROGATE.search(value):
        raise PydanticCustomError("string_unicode", "no lone surrogates")
    return value


def _text(value: str) -> str:
    _unicode(value)
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "no control characters")
    if has_too_many_marks(value):
        raise PydanticCustomError("combining_marks", "no long rows of combining marks")
    return unicodedata.normalize("NFC", value)


def _line(value: str) -> str:
    if _LINE_BREAK_OR_BIDI.search(value):
        raise PydanticCustomError("control_character", "one line, no control characters")
    return _text(value)


def _timestamp(value: object) -> object:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("timestamp", "RFC 3339 with offset")
    try:
        # digits after the microseconds are dropped
        moment = dt.datetime.fromisoformat(value.upper())
    except ValueError:  # such as the 30th of February
        raise PydanticCustomError("timestamp", "RFC 3339 with offset") from None
    if not EARLIEST <= moment <= LATEST:
        raise PydanticCustomError("timestamp_range", "years 1970 to 2200")
    return moment.astimezone(dt.UTC)


def _uuid(value: object) -> object:
    # One spelling only: `UUID()` also accepts braces, a prefix and hyphens anywhere.
    if isinstance(value, str) and len(value) == 36:  # noqa: PLR2004 - the length of a written UUID
        try:
            parsed = UUID(value)
        except ValueError:
            pass
        else:
            if str(parsed) == value.lower():
                return parsed
    raise PydanticCustomError("uuid", "a UUID")


def _whole_number(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
            raise PydanticCustomError("whole_number", "a whole number")
        return int(value)
    return value


def _flag(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a text in characters: `Annotated[Line, Length(1, 200)]`.

    It is counted after normalization. A text that is too long however it is normalized is refused
    before: at most four characters become one (UAX #15, section 12).
    """

    least: int
    most: int

    MOST_BECOME_ONE: ClassVar = 4

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        composed = core_schema.no_info_after_validator_function(self._composed, handler(source))
        return core_schema.no_info_before_validator_function(self._sent, composed)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        least = {"minLength": self.least} if self.least else {}
        return {**handler(schema), **least, "maxLength": self.most}

    def _sent(self, value: object) -> object:
        if isinstance(value, str) and len(value) > self.MOST_BECOME_ONE * self.most:
            raise PydanticKnownError("string_too_long", {"max_length": self.most})
        return value

    def _composed(self, value: str) -> str:
        if len(value) > self.most:
            raise PydanticKnownError("string_too_long", {"max_length": self.most})
        if len(value) < self.least:
            raise PydanticKnownError("string_too_short", {"min_length": self.least})
        return value


Opaque = Annotated[str, AfterValidator(_unicode)]
Text = Annotated[str, AfterValidator(_text)]
Line = Annotated[str, AfterValidator(_line)]
Timestamp = Annotated[dt.datetime, BeforeValidator(_timestamp)]
Id = Annotated[UUID, BeforeValidator(_uuid)]
# For a query, where all values are text; in a body, use `int`.
Digits = BeforeValidator(_whole_number)  # a number arrives as its digits
Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
Choice = Field(strict=False)  # an enum arrives as its value

# Pydantic's error types, with our stable codes and a sentence that says how to mend the value.
# `{...}` are the rule's own numbers; the sent value is never repeated.
_RULES: Final[dict[str, tuple[str, str]]] = {
    "missing": ("required", "is required"),
    "extra_forbidden": ("unknown_field", "is not a field of this request"),
    "string_type": ("wrong_type", "must be a string"),
    "string_unicode": ("invalid_text", "must be Unicode text without lone surrogates"),
    "string_too_short": ("too_short", "must have {min_length} or more characters"),
    "string_too_long": ("too_long", "must have at most {max_length} characters"),
    "string_pattern_mismatch": ("invalid_format", "must match {pattern}"),
    "control_character": ("invalid_text", "must not contain control characters"),
    "combining_marks": (
        "invalid_text",
        f"must not contain more than {MAX_MARKS} combining marks in a row",
    ),
    "too_short": ("too_short", "must have {min_length} or more items"),
    "too_long": ("too_long", "must have at most {max_length} items"),
    "int_type": ("wrong_type", "must be a whole number"),
    "int_parsing": ("wrong_type", "must be a whole number"),
    "whole_number": ("wrong_type", "must be a whole number"),
    "bool_type": ("wrong_type", "must be true or false"),
    "bool_parsing": ("wrong_type", "must be true or false"),
    "list_type": ("wrong_type", "must be an array"),
    "model_type": ("wrong_type", "must be an object"),
    "model_attributes_type": ("wrong_type", "must be an object"),
    "dict_type": ("wrong_type", "must be an object"),
    "enum": ("not_allowed", "must be one of {expected}"),
    "literal_error": ("not_allowed", "must be one of {expected}"),
    "greater_than_equal": ("out_of_range", "must be at least {ge}"),
    "less_than_equal": ("out_of_range", "must be at most {le}"),
    "timestamp": ("invalid_format", "must be an RFC 3339 date-time with an offset"),
    "timestamp_range": ("out_of_range", "must be in the years 1970 to 2200"),
    "uuid": ("invalid_format", "must be a UUID"),
    "decimal_type": ("wrong_type", 'must be a decimal number in a string, such as "12.50"'),
    "decimal": (
        "invalid_format",
        "must be a plain decimal number, at most {whole} digits before the point, {places} after",
    ),
    "date": ("invalid_format", "must be a date such as 2026-01-31"),
    "date_range": ("out_of_range", "must be in the years 1900 to 2200"),
    "time": ("invalid_format", "must be a time of the day without an offset, such as 09:30:00"),
    "email": ("invalid_format", "must be an email address such as ana@example.com"),
    "currency": ("not_allowed", "must be the code of a currency of ISO 4217, such as EUR"),
    "currency_places": ("invalid_format", "has more than the {places} decimals of its currency"),
    "duration": (
        "invalid_format",
        "must be an ISO 8601 duration such as P2W or P1DT2H30M, without years and months",
    ),
}


def invalid(error: ValidationError, *, within: str) -> Invalid:
    """Turn Pydantic's errors into ours; `within` is `pointer` or `parameter`."""
    # Limited: the answer to a body of unknown fields would be ten times as long as the body.
    found = error.errors(include_url=False)[:MAX_ERRORS]
    return Invalid(errors=[_problem(each, within) for each in found])


def _problem(found: Any, within: str) -> dict[str, Any]:
    kind = found["type"]
    if isinstance(found["input"], str) and f"string_{kind}" in _RULES:
        kind = f"string_{kind}"  # a length that Pydantic checked after our own validator
    code, sentence = _RULES.get(kind, ("invalid", "is invalid"))
    figures = found.get("ctx", {})
    # A rule about several fields of an object may still name one of them.
    place = (*found["loc"], figures["at"]) if "at" in figures else found["loc"]
    path = [_shown(part) for part in place]
    if within == "pointer":  # RFC 6901 escapes ~ and /
        where = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    else:
        where = ".".join(path)
    return {within: where, "code": code, "detail": sentence.format_map(figures)}


def _shown(part: str | int) -> str:
    """Return a client's key, shortened and with safe characters only."""
    return _UNFIT_TO_SHOW.sub("\ufffd", str(part)[:64])
