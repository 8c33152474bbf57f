"""`a=1&b=2`, as a query or a form: percent-encoded UTF-8 that all readers parse alike."""

import re
from collections import Counter
from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from urllib.parse import parse_qsl

from app.core.exceptions import Invalid, Malformed

MAX_FIELDS: Final = 100

Pairs = Sequence[tuple[str, str]]

_LISTS: Final = (list, tuple, set, frozenset, Sequence)
_UNIONS: Final = (Union, UnionType)

_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SHOWABLE: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


def pairs_of(encoded: bytes) -> Pairs:
    """Decode names and values. Raises Malformed."""
    reason = "The parameters are not percent-encoded UTF-8, or too many."
    if _BROKEN_ESCAPE.search(encoded):  # which parse_qsl would accept unchanged
        raise Malformed(reason)
    try:
        return parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is a ValueError, too many fields another
        raise Malformed(reason) from None


def is_list(hint: Any) -> bool:
    """Tell whether a parameter of this type may be given several times."""
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    origin = get_origin(plain) or plain
    return origin in _LISTS or (origin in _UNIONS and any(map(is_list, get_args(plain))))


def refuse_others(
    pairs: Pairs, allowed: frozenset[str] | None, lists: frozenset[str] = frozenset()
) -> None:
    """Raise Invalid for a name that is not allowed, or repeated and not a list.

    None allows all names.
    """
    times = Counter(name for name, _ in pairs)
    errors = [
        _complaint("duplicate_parameter", "may be sent only once", name)
        for name, count in times.items()
        if count > 1 and name not in lists
    ]
    errors += [
        _complaint("unknown_parameter", "is not a parameter of this request", name)
        for name in times
        if allowed is not None and name not in allowed
    ]
    if errors:
        raise Invalid(errors=errors)


def _complaint(code: str, rule: str, name: str) -> dict[str, str]:
    # What does not look like a name may be a value, such as a JSON body sent as a form.
    shown = name[:64] if _SHOWABLE.fullmatch(name[:64]) else "?"
    return {"parameter": shown, "code": code, "detail": rule}
