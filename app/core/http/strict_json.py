"""JSON as RFC 8259 and I-JSON (RFC 7493) define it, so that all readers agree on a value."""

import datetime as dt
import itertools
import json
import math
import re
from decimal import Decimal
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson
from pydantic import BaseModel

from app.core.exceptions import Malformed
from app.core.value_forms import decimal_text, duration_text

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 512
"""In a document: entries of objects and items of arrays, at all depths together."""
MAX_NUMBER_LENGTH: Final = 40


class MalformedJson(Malformed):
    """The body is not JSON, or readers could understand it differently."""

    code = "malformed_json"
    message = "The body is not valid JSON."


def encode(value: object, *, has_times: bool = False) -> bytes:
    """Return the value as JSON; dataclasses as objects, times in UTC with `Z`.

    Decimals are strings, because many programs read a JSON number as a binary fraction. Dates,
    times and durations have the forms of ISO 8601. Pydantic writes its own models. `has_times` says
    that there may be times of the day. Raises TypeError for a value that has no form in JSON.
    """
    return orjson.dumps(value, default=_plain, option=_EXACT_TIMES if has_times else _FAST)


_FAST: Final = orjson.OPT_UTC_Z
# orjson (3.11.8 to 3.13.0) writes the time 09:30:00.012345 as 09:30:00.12345. With this option it
# leaves dates and times to us, which is slower for many of them.
_EXACT_TIMES: Final = orjson.OPT_PASSTHROUGH_DATETIME


def decode(body: bytes, *, most_values: int = MAX_VALUES) -> Any:
    """Return the decoded document.

    Raises MalformedJson, which names the rule, for: an empty body, an encoding other than UTF-8, a
    byte order mark, NaN or Infinity, duplicate keys, numbers that are too long or overflow, nesting
    deeper than 32, and more values than allowed. The last two are checked before anything is built.
    """
    if not body or body.isspace():
        reason = "The body is empty; send a JSON document."
        raise MalformedJson(reason)
    if _nested(body) > MAX_DEPTH or _nested(body) + body.count(b",") > most_values:
        _refuse_shape(body, most_values)
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        reason = "The body is not UTF-8."
        raise MalformedJson(reason) from None
    except json.JSONDecodeError as error:
        reason = f"The body is not valid JSON: line {error.lineno}, column {error.colno}."
        raise MalformedJson(reason) from None


def _plain(value: object) -> Any:
    if isinstance(value, UUID):  # a driver's own subclass, which orjson does not know
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dt.timedelta):
        return duration_text(value)
    if isinstance(value, dt.datetime):
        text = value.isoformat()
        return f"{text[:-6]}Z" if text.endswith("+00:00") else text
    if isinstance(value, dt.date) or (isinstance(value, dt.time) and value.tzinfo is None):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    message = f"{type(value).__name__} has no form in JSON"
    raise TypeError(message)


# A string, also one without its end, which is read once and not once for each of its quotes.
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_NOT_NESTING: Final = bytes(set(range(256)) - set(b"[]{}"))


def _nested(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _refuse_shape(body: bytes, most_values: int) -> None:
    """Check the shape outside of strings. Each step looks at all bytes at once, or at few."""
    most_strings = 2 * most_values  # a key and a value each
    outside, strings = _STRING.subn(b"", body, count=most_strings + 1)
    brackets = outside.translate(None, _NOT_NESTING)
    # The parser stops at this many brackets too.
    if _depth(brackets[: 2 * most_values]) > MAX_DEPTH:
        reason = f"The body is nested deeper than {MAX_DEPTH} levels."
        raise MalformedJson(reason)
    if strings > most_strings or _nested(outside) + outside.count(b",") > most_values:
        reason = f"The body has more than {most_values} values."
        raise MalformedJson(reason)


def _depth(brackets: bytes) -> int:
    """Return the depth; the parser would recurse once for each level."""
    steps = (1 if bracket in b"[{" else -1 for bracket in brackets)
    return max(itertools.accumulate(steps), default=0)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        reason = "The body has an object with the same key twice."
        raise MalformedJson(reason)
    return decoded


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        _refuse_number()
    return int(text)


def _float(text: str) -> float:
    if len(text) > MAX_NUMBER_LENGTH or not math.isfinite(number := float(text)):
        _refuse_number()
    return number


def _refuse_constant(_name: str) -> NoReturn:
    reason = "NaN and Infinity are not JSON."
    raise MalformedJson(reason)


def _refuse_number() -> NoReturn:
    reason = "The body has a number that is too long or too large."
    raise MalformedJson(reason)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_refuse_constant,
)
