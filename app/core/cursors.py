"""Page cursors that clients can carry but neither read into nor bend."""

import base64
import hashlib
import hmac
from typing import Final

import orjson

from app.core.exceptions import Malformed


class InvalidCursor(Malformed):
    """The cursor is not one that was given for this very list."""

    code = "invalid_cursor"
    message = "This cursor belongs to another list, or was changed: start again without it."


class Cursors:
    """Seals positions in a list.

    A cursor is `base64url(mac + position)`. The mac (HMAC-SHA-256, 128 bits of it) also covers
    the list that it was given for, such as user, filters and order: with any other it is refused.
    """

    MAC_BYTES: Final = 16

    def __init__(self, secret: str) -> None:
        # A key of its own, so that no cursor can ever pass for anything else that is signed.
        self._key = hmac.digest(secret.encode(), b"cursor-v1", hashlib.sha256)

    def seal(self, position: list[str], *, of: str) -> str:
        """Return the cursor for a position in the list that `of` describes."""
        payload = orjson.dumps(position)
        return base64.urlsafe_b64encode(self._mac(payload, of) + payload).decode().rstrip("=")

    def open(self, cursor: str, *, of: str) -> list[str]:
        """Return the position. Raises InvalidCursor for anything that `seal` did not make."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidCursor from None
        mac, payload = raw[: self.MAC_BYTES], raw[self.MAC_BYTES :]
        # Base64 leaves spare bits: only the one spelling that we gave out is ours.
        if not hmac.compare_digest(mac, self._mac(payload, of)) or self._respelled(raw) != cursor:
            raise InvalidCursor
        position: list[str] = orjson.loads(payload)
        return position

    def _mac(self, payload: bytes, of: str) -> bytes:
        described = hashlib.sha256(of.encode()).digest()
        return hmac.digest(self._key, described + payload, hashlib.sha256)[: self.MAC_BYTES]

    @staticmethod
    def _respelled(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
