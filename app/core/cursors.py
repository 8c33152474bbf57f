"""Page cursors, which clients send back and cannot change."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import NoneType
from typing import Any, Final
from uuid import UUID

import orjson

from app.core.exceptions import Malformed
from app.core.value_forms import duration_text, parse_duration


class InvalidCursor(Malformed):
    """The cursor was not made for this list."""

    code = "invalid_cursor"
    message = "This cursor is for another list, or was changed: start again without a cursor."


_PLAIN: Final = (str, int, float, NoneType)
# A value that has no JSON form of its own is written as `[kind, text]`.
_KINDS: Final[dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]]] = {
    "uuid": (UUID, str, UUID),
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "duration": (dt.timedelta, duration_text, parse_duration),
}


class Cursors:
    """Signs positions in a list.

    A cursor is `base64url(mac + position)`. The mac (HMAC-SHA-256, 128 bits of it) also covers the
    list: its user, filters and order. A cursor of another list is refused.
    """

    MAC_BYTES: Final = 16

    def __init__(self, secret: str) -> None:
        # Cursors have their own key, so that a cursor is never valid as another signed value.
        self._key = hmac.digest(secret.encode(), b"cursor-v1", hashlib.sha256)

    def seal(self, position: Sequence[Any], *, of: str) -> str:
        """Return the cursor for a position in the list that `of` describes.

        A position consists of texts, numbers, booleans, times, dates, durations, decimals, ids, or
        None.
        """
        payload = orjson.dumps([_written(value) for value in position])
        return base64.urlsafe_b64encode(self._mac(payload, of) + payload).decode().rstrip("=")

    def open(self, cursor: str, *, of: str) -> list[Any]:
        """Return the position. Raises InvalidCursor for a value that `seal` did not make."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidCursor from None
        mac, payload = raw[: self.MAC_BYTES], raw[self.MAC_BYTES :]
        # Base64 has unused bits, so one value has several spellings: only the one that we sent is
        # valid.
        if not hmac.compare_digest(mac, self._mac(payload, of)) or self._respelled(raw) != cursor:
            raise InvalidCursor
        return [_read(value) for value in orjson.loads(payload)]

    def _mac(self, payload: bytes, of: str) -> bytes:
        described = hashlib.sha256(of.encode()).digest()
        return hmac.digest(self._key, described + payload, hashlib.sha256)[: self.MAC_BYTES]

    @staticmethod
    def _respelled(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _written(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    for kind, (type_, write, _) in _KINDS.items():
        if isinstance(value, type_):
            return [kind, write(value)]
    message = f"a cursor can't hold a {type(value).__name__}"
    raise TypeError(message)


def _read(value: Any) -> Any:
    return _KINDS[value[0]][2](value[1]) if isinstance(value, list) else value
