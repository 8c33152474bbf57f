"""The body of a request on its way in: no larger and no slower than this service takes it."""

import asyncio
from typing import Final

from starlette.types import Message, Receive, Scope

from app.core.exceptions import PayloadTooLarge, RequestTimeout

MAX_BODY_BYTES: Final = 1024 * 1024

# What the server (`core/server.py`) adds to a request's scope.
REFUSED: Final = "alicerce.refused"
"""An AppError: what turned out to be wrong with the request before anybody could read it."""
ARRIVED: Final = "alicerce.arrived"
"""True once the server has all of the body, whether or not somebody has read it."""


def announces_body(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a body comes with these headers (RFC 9112, section 6)."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


class IncomingBody:
    """Counts what is read, waits for it until its time is up, and knows whether all was read."""

    __slots__ = ("_deadline", "_is_read", "_receive", "_scope", "_size")

    def __init__(self, scope: Scope, receive: Receive, seconds: float) -> None:
        self._scope, self._receive = scope, receive
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._size = 0
        self._is_read = False

    def check(self, headers: dict[bytes, bytes]) -> None:
        """Raise PayloadTooLarge for a body that says so itself, before any of it is read."""
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
            raise PayloadTooLarge

    @property
    def is_still_coming(self) -> bool:
        """Whether the client may still be sending: its connection can take no other request."""
        return not (self._is_read or self._scope.get(ARRIVED))

    async def receive(self) -> Message:
        """Pass a part on. Raises PayloadTooLarge, RequestTimeout, or what the server found."""
        if self._is_read:  # what comes now is the end of the connection, which has no deadline
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        if REFUSED in self._scope:
            raise self._scope[REFUSED]
        self._size += len(message.get("body", b""))
        if self._size > MAX_BODY_BYTES:
            raise PayloadTooLarge
        self._is_read = not message.get("more_body", False)
        return message
