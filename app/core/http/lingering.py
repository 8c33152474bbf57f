"""Closes a connection so that its client, or a proxy, can still read the answer."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.http.bodies import DRAINING, GONE


class _Answering:
    """The transport of an answer: closing it may wait."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write, self.is_closing = transport.write, transport.is_closing
        self.close = close


class LingeringConnection(HttpToolsProtocol):
    """Continues to read for a while after an answer that came before the request's end.

    Otherwise the kernel resets the connection, and what the client has not read is lost: proxies
    turn it into a 502. RFC 9112, section 9.6, describes this: close our half, read on, close.
    """

    LINGER_SECONDS: float = 5.0

    scope: Any  # with entries of our own
    cycle: Any  # None before the first request

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._end: asyncio.TimerHandle | None = None
        self.is_lingering = False
        self.is_last = self.is_cut = False
        # What an answer is written to. Plain attributes, because each request reads both.
        self.answering: asyncio.Transport

    @property
    def is_still_sent_to(self) -> bool:
        """Whether the client may be sending a request when the connection ends."""
        return False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.is_last = getattr(self.server_state, "is_stopping", False)
        self.answering = cast("asyncio.Transport", _Answering(transport, self._close))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        # Otherwise the two would reference each other for ever.
        self.answering.close = self.transport.close  # type: ignore[method-assign]
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.cycle.transport = self.answering
        self.scope[GONE] = self.transport.is_closing
        if self.is_last:
            self.cycle.keep_alive = False
            if self.is_cut:
                self.scope[DRAINING] = True

    def answer_one_more(self) -> None:
        """Close after the next answer, and say so in it: the server will stop."""
        self.is_last = True
        newest = self.pipeline[0][0] if self.pipeline else self.cycle
        if newest is not None and not newest.response_started:
            newest.keep_alive = False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.is_lingering:
            self._unset_keepalive_if_required()

    def _close(self) -> None:
        if not self.is_still_sent_to:
            self.transport.close()
        elif not (self.is_lingering or self.transport.is_closing()):
            self.is_lingering = True
            self._end = self.loop.call_later(self.LINGER_SECONDS, self.transport.close)
            self.pipeline.clear()  # nothing follows the last answer
            self.flow.resume_reading()
            self.transport.write_eof()
