"""The body of a request while it arrives, with limits of its size and time."""

import asyncio
from typing import Final

from starlette.types import Message, Receive, Scope

from app.core.exceptions import Malformed, PayloadTooLarge, RequestTimeout, UnsupportedContentCoding

KIB: Final = 1024
MAX_BODY_BYTES: Final = 1024 * KIB
"""The limit of every address, unless a route allows more."""
LEAST_BYTES_A_SECOND: Final = 64 * KIB
"""How many bytes must arrive in each second after the first ones."""
BODY_BYTES: Final = 64 * KIB
PUBLIC_BODY_BYTES: Final = 16 * KIB
"""The limit of public routes."""

BYTES_OF_A_VALUE: Final = 128
"""A JSON body may have one value for this many bytes of its limit: 512 in 64 KiB."""
FEW_VALUES: Final = 32
"""The number of values that every JSON body may have."""
MOST_DIGITS: Final = 20
"""The digits of a Content-Length; a longer one is refused as too large."""

INCOMING: Final = "service.incoming"
"""The key of the request's IncomingBody in its scope; the route sets its limit there."""

# The entries that the server (`core/http/server.py`) adds to a request's scope.
REFUSED: Final = "service.refused"
"""An AppError that the server found in the request before anyone read it."""
ARRIVED: Final = "service.arrived"
"""True once the server has received the whole body, read or not."""
ADMITTED: Final = "service.admitted"
"""The Admission that counts the request as one in flight."""
GONE: Final = "service.gone"
"""Returns whether the connection is closed."""

# Entries for answers without an end of their own, which the server must end when it stops.
CUT: Final = "service.cut"
"""Ends the answer at once; returns whether the client will take what it has as complete."""
DRAINING: Final = "service.draining"
"""True once no such answer may begin."""
MOST: Final = "service.most"
"""The route's own limit of the body in bytes."""


def announces_body(headers: dict[bytes, bytes]) -> bool:
    """Return whether a body comes with these headers (RFC 9112, section 6)."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def usual_body_limit(*, is_public: bool) -> int:
    """Return how many bytes of a body a route allows by default."""
    return PUBLIC_BODY_BYTES if is_public else BODY_BYTES


CUT_OFF: Final = "The connection closed before the whole body was sent."


async def read_whole(receive: Receive) -> bytes:
    """Return the whole body. Raises Malformed if it is cut off."""
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed(CUT_OFF)
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


class IncomingBody:
    """Counts what is read, limits the time to wait, and knows whether all was read."""

    __slots__ = (
        "_announced",
        "_coding",
        "_deadline",
        "_is_read",
        "_most",
        "_receive",
        "_scope",
        "_size",
    )

    def __init__(
        self, scope: Scope, receive: Receive, headers: dict[bytes, bytes], seconds: float
    ) -> None:
        self._scope, self._receive = scope, receive
        self._deadline = asyncio.get_running_loop().time() + seconds
        announced = headers.get(b"content-length", b"")[:MOST_DIGITS]
        self._announced = int(announced) if announced.isdigit() else 0
        self._coding = headers.get(b"content-encoding", b"").lower()
        self._most = MAX_BODY_BYTES
        self._size = 0
        self._is_read = False

    def limit_to(self, most: int) -> None:
        """Set the limit in bytes. Raises PayloadTooLarge if the announced length exceeds it.

        Raises UnsupportedContentCoding for a compressed body, whose length says nothing.
        """
        if self._coding not in {b"", b"identity"}:
            raise UnsupportedContentCoding
        self._most = self._scope[MOST] = most
        if self._announced > most:
            raise PayloadTooLarge(most)

    @property
    def is_still_coming(self) -> bool:
        """Whether the client may still be sending, so its connection can take no other request."""
        return not (self._is_read or self._scope.get(ARRIVED))

    async def receive(self) -> Message:
        """Pass a part on. Raises PayloadTooLarge, RequestTimeout, or the server's error."""
        if self._is_read:  # only the end of the connection can follow, which has no deadline
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        if REFUSED in self._scope:
            raise self._scope[REFUSED]
        size = len(message.get("body", b""))
        self._size += size
        self._deadline += size / LEAST_BYTES_A_SECOND
        if self._size > self._most:
            raise PayloadTooLarge(self._most)
        self._is_read = not message.get("more_body", False)
        return message
