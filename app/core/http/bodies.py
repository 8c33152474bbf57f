"""The body of a request on its way in: no larger and no slower than this service takes it."""

import asyncio
from typing import Final

from starlette.types import Message, Receive, Scope

from app.core.exceptions import Malformed, PayloadTooLarge, RequestTimeout, UnsupportedContentCoding

KIB: Final = 1024
MAX_BODY_BYTES: Final = 1024 * KIB
"""Of any address, unless a route says that it takes more."""
LEAST_BYTES_A_SECOND: Final = 64 * KIB
"""So much of a body that is longer than its first seconds allow has to come in each further one."""
BODY_BYTES: Final = 64 * KIB
PUBLIC_BODY_BYTES: Final = 16 * KIB
"""Where anybody may send one."""

BYTES_OF_A_VALUE: Final = 128
"""A body of JSON may have one value for so many bytes of its limit: 512 of 64 KiB."""
FEW_VALUES: Final = 32
"""It may have so many however short it is."""
MOST_DIGITS: Final = 20
"""Of a length; what says that it has more is too long after so many of them."""

INCOMING: Final = "alicerce.incoming"
"""In a request's scope: its IncomingBody, for the route to say how much it takes."""

# What the server (`core/http/server.py`) adds to a request's scope.
REFUSED: Final = "alicerce.refused"
"""An AppError: what turned out to be wrong with the request before anybody could read it."""
ARRIVED: Final = "alicerce.arrived"
"""True once the server has all of the body, whether or not somebody has read it."""


# What the server asks of an answer that has no end of its own, when it has to stop.
CUT: Final = "alicerce.cut"
"""Ends it at once; returns whether the client then takes what it has for the whole."""
DRAINING: Final = "alicerce.draining"
"""True once no such answer may begin."""
MOST: Final = "alicerce.most"
"""How long a body the route takes, where that is said."""


def announces_body(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a body comes with these headers (RFC 9112, section 6)."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def usual_body_limit(*, is_public: bool) -> int:
    """Return how many bytes of a body a route takes that says nothing else."""
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
    """Counts what is read, waits for it until its time is up, and knows whether all was read."""

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
        """Take so many bytes. Raises PayloadTooLarge for what says itself that it has more.

        Raises UnsupportedContentCoding for what is compressed: its size says nothing.
        """
        if self._coding not in {b"", b"identity"}:
            raise UnsupportedContentCoding
        self._most = self._scope[MOST] = most
        if self._announced > most:
            raise PayloadTooLarge(most)

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
        size = len(message.get("body", b""))
        self._size += size
        self._deadline += size / LEAST_BYTES_A_SECOND
        if self._size > self._most:
            raise PayloadTooLarge(self._most)
        self._is_read = not message.get("more_body", False)
        return message
