"""JSON as RFC 8259 has it and I-JSON (RFC 7493) narrows it: nothing that readers differ on."""

import json
import math
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson

from app.core.exceptions import Malformed

MAX_DEPTH: Final = 32
MAX_NUMBER_LENGTH: Final = 40


class MalformedJson(Malformed):
    """The body is not JSON, or JSON that two readers could read differently."""

    code = "malformed_json"
    message = "The body is not valid JSON."


def encode(value: object) -> bytes:
    """Return the value as JSON; dataclasses as objects, moments in UTC with `Z`.

    Raises TypeError for a value of a type that has no form in JSON.
    """
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def decode(body: bytes) -> Any:
    """Return the decoded document.

    Raises MalformedJson, naming the rule, for: an empty body, another encoding than UTF-8, a byte
    order mark, NaN or Infinity, duplicate keys, numbers that are absurdly long or overflow, and
    nesting deeper than 32.
    """
    if not body.strip():
        reason = "The body is empty; send a JSON document."
        raise MalformedJson(reason)
    if _may_be_deeper_than_allowed(body) and _is_deeper_than_allowed(body):
        reason = f"The body is nested deeper than {MAX_DEPTH} levels."
        raise MalformedJson(reason)
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        reason = "The body is not UTF-8."
        raise MalformedJson(reason) from None
    except json.JSONDecodeError as error:
        reason = f"The body is not valid JSON: line {error.lineno}, column {error.colno}."
        raise MalformedJson(reason) from None


def _plain(value: object) -> str:
    if isinstance(value, UUID):  # a driver's own subclass, which orjson does not know
        return str(value)
    message = f"{type(value).__name__} has no form in JSON"
    raise TypeError(message)


def _may_be_deeper_than_allowed(body: bytes) -> bool:
    return body.count(b"[") + body.count(b"{") > MAX_DEPTH


def _is_deeper_than_allowed(body: bytes) -> bool:
    """Measure the nesting before parsing, which would recurse once per level."""
    depth, in_string, escaped = 0, False, False
    for byte in body:
        if in_string:
            in_string = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


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
    number = float(text)
    if len(text) > MAX_NUMBER_LENGTH or not math.isfinite(number):
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
