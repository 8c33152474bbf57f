"""uvicorn's WebSockets (RFC 6455) with further limits."""

import re
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.core.http.bodies import CUT

Headers = list[tuple[bytes, bytes]]

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""The limit of every address; a WebSocket's own limit is lower."""

_KEY: Final = re.compile(rb"[A-Za-z0-9+/]{22}==")


def is_handshake(method: bytes, target: bytes, version: str, headers: Headers) -> bool:
    """Return whether a request opens a WebSocket as RFC 6455, section 4.2.1, says."""
    sent = dict(headers)
    return (
        (method, version) == (b"GET", "1.1")
        and target.startswith(b"/")
        and sent.get(b"upgrade", b"").lower() == b"websocket"
        and sent.get(b"sec-websocket-version") == b"13"
        and _KEY.fullmatch(sent.get(b"sec-websocket-key", b"")) is not None
        and sent.get(b"content-length", b"0") == b"0"
        and b"transfer-encoding" not in sent
    )


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection, with limited memory and a limited time to close.

    Messages are parsed only when they are asked for: a client could send many thousand short
    messages before the first of them is handled.
    """

    SLICE: Final = 4096
    CLOSE_SECONDS: float = 1.0
    PINGS: Final = 100
    """How many may arrive between two messages of the client."""

    scope: Any  # with entries of our own

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.max_message_size = MAX_MESSAGE_BYTES
        self.close_timeout = self.CLOSE_SECONDS
        self.on_end: Callable[[], object] = bool
        """Called when the connection is lost."""
        self._unread = b""
        self._pings = 0

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.on_end()

    def data_received(self, data: bytes) -> None:
        data, at = self._unread + data, 0
        while at < len(data) and not (self.read_paused or self.transport.is_closing()):
            super().data_received(data[at : at + self.SLICE])
            at += self.SLICE
        self._unread = data[at:]

    async def receive(self) -> Any:
        message = await super().receive()
        if self.queue.empty():
            self.data_received(b"")
        return message

    def handle_ping(self) -> None:
        self._pings += 1
        if self._pings > self.PINGS:
            self.conn.fail(1008, "too many pings")
            self.handle_parser_exception()
        else:
            super().handle_ping()

    def send_receive_event_to_app(self) -> None:
        self._pings = 0
        super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()  # closing would wait for a client that does not read

    def shutdown(self) -> None:
        """Close it because the server stops; its endpoint is ended soon after."""
        super().shutdown()
        self.loop.call_later(self.CLOSE_SECONDS, self.transport.abort)
        if (cut := self.scope.get(CUT)) is not None:
            self.loop.call_later(self.CLOSE_SECONDS, cut)
