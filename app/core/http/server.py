"""uvicorn's HTTP/1.1 with further limits, and without answers of its own.

An error that the server finds in a request is passed to the application. So it is logged, counted
and answered like any other error.
"""

import asyncio
import re
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.core.exceptions import (
    AppError,
    HeadersTooLarge,
    Malformed,
    MethodNotImplemented,
    PayloadTooLarge,
    RequestTimeout,
    TransferCodingNotImplemented,
    UriTooLong,
)
from app.core.http.bodies import ARRIVED, CUT, CUT_OFF, DRAINING, MAX_BODY_BYTES, MOST, REFUSED
from app.core.http.bounded_connection import BoundedConnection
from app.core.http.lingering import LingeringConnection
from app.core.http.offers import OfferedConnection

MAX_TARGET_BYTES: Final = 8 * 1024
MAX_HEADER_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 100
MAX_HEAD_BYTES: Final = MAX_TARGET_BYTES + MAX_HEADER_BYTES
# The limit of a chunked body with its chunk sizes; only an attacker exceeds it.
SENT_OF_A_BODY: Final = 2

# RFC 9110, section 9.1: the form of a method, known or unknown.
_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} \S")
_AUTHORITY: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class HttpProtocol(LingeringConnection, BoundedConnection, OfferedConnection):
    """One connection. Timers run only for requests that did not arrive whole."""

    HEAD_SECONDS: float = 10.0
    FIRST_SECONDS: float = 1.0
    """How long a new connection may stay silent after the server has stopped to accept others."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._in_head = self._in_body = self._is_refused = self._is_half_closed = False
        self._is_offer = False  # of another protocol
        self._at_work: Any = None
        self._timer: asyncio.TimerHandle | None = None
        # of the part that is being read, without what arrived with its beginning
        self._received = 0
        self._starts = 0  # how often a part began, to see whether one did

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._is_refused = not self.is_accepted
        if self.is_accepted:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse.

        What is missing of a request afterwards must arrive in time, and not be too long.
        """
        if self._is_refused or self.is_lingering:
            return
        self._unset_keepalive_if_required()
        starts = self._starts
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self.answer_offer(offer, memoryview(data))
            if self._in_head or self._in_body:
                self._received = self._received + len(data) if self._starts == starts else 0
                self._expect_more()
            elif self._timer is None and self.cycle and self.cycle.response_complete:
                self._wait_for_head()  # an empty line, which is no request yet
        except httptools.HttpParserError as error:
            is_first = self._starts <= starts + 1  # so its first line is where the data begins
            self._refuse(_meant(error, data if is_first else b""))
        except AppError as error:
            self._refuse(error)

    @property
    def is_still_sent_to(self) -> bool:
        return self._in_body or self._is_refused

    def leave(self) -> None:
        super().leave()
        self._stop_waiting()
        self._in_head = False

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio has it
        """Keep the other half of the connection until the request is answered; then close it."""
        self._is_half_closed = True
        self._stop_waiting()
        if self._in_body:
            self._refuse(Malformed(CUT_OFF))
        return self.cycle is not None and not self.cycle.response_complete

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and self._is_half_closed:
            self.transport.close()

    def shutdown(self) -> None:
        """Let open requests be answered, and end answers that have no end of their own."""
        self.is_last = self.is_cut = True
        if self._in_head:
            return  # a request is arriving
        if self.cycle is None:
            self.loop.call_later(self.FIRST_SECONDS, self._close_if_silent)
            return
        super().shutdown()
        cycle = self._at_work
        if cycle is None or cycle.response_complete:
            return
        cycle.scope[DRAINING] = True
        cut = cycle.scope.get(CUT)
        if cut is not None and not cut():
            cycle.disconnected = True
            self.transport.close()

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self._in_head:
            self.transport.close()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def _expect_more(self) -> None:
        most = SENT_OF_A_BODY * self.scope.get(MOST, MAX_BODY_BYTES)
        if self._received > (MAX_HEAD_BYTES if self._in_head else most):
            raise HeadersTooLarge if self._in_head else PayloadTooLarge
        if self._in_head and self._timer is None:
            self._wait_for_head()

    # --- What the parser finds ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._starts += 1

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            raise UriTooLong

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:  # after the last chunk: a trailer, which must never count as a header
            raise Malformed
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._check_head()
        self._is_offer = self.parser.should_upgrade()
        if self._is_offer:
            return  # the head is sent again, without it
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()
        self._in_body = True
        self._starts += 1

    def on_message_complete(self) -> None:
        if self._is_offer:
            return
        self._in_body = False
        self.scope[ARRIVED] = True
        super().on_message_complete()

    def _check_head(self) -> None:
        headers, size, coding = self.headers, 0, None
        if len(headers) > MAX_HEADERS:
            raise HeadersTooLarge
        for name, value in headers:
            size += len(name) + len(value) + 4
            if name == b"transfer-encoding":
                coding = value
        if size > MAX_HEADER_BYTES:
            raise HeadersTooLarge
        version = self.parser.get_http_version()
        # RFC 9112, section 3.2: a request target has no fragment.
        if version not in {"1.1", "1.0"} or b"#" in self.url:
            raise Malformed
        if self.parser.get_method() == b"CONNECT":
            raise MethodNotImplemented
        if coding is not None:
            _refuse_coding(coding.lower(), version)
        if not self.url.startswith(b"/") and (whole := _AUTHORITY.match(self.url)):
            # RFC 9112, section 3.2.2: then this host counts.
            headers[:] = [pair for pair in headers if pair[0] != b"host"]
            headers.append((b"host", whole[1]))

    # --- Time -----------------------------------------------------------------------------------

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(self.HEAD_SECONDS, self._head_is_late)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        self._timer = None
        if self._in_head:
            self._refuse(RequestTimeout())
        else:  # no request began, so there is none to answer
            self.transport.close()

    # --- Errors ---------------------------------------------------------------------------------

    def _refuse(self, error: AppError) -> None:
        """Let the application answer with the error, after earlier requests; then close."""
        self._is_refused = True
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self._in_body:  # it is being answered already, or waits for the rest
            self.scope[REFUSED] = error
            self.cycle.message_event.set()
            return
        before, self.cycle = self.cycle, self._refusal(error)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _refusal(self, error: AppError) -> RequestResponseCycle:
        headers = (self.headers or [])[:MAX_HEADERS]
        self.on_message_begin()  # creates a scope
        self.headers += headers  # of the request, as far as it could be read
        self.scope.update({"method": "-", "path": "", "raw_path": b"", "query_string": b""})
        self.scope.update({REFUSED: error, ARRIVED: True})
        return RequestResponseCycle(
            scope=self.scope,
            transport=self.answering,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )


def _refuse_coding(coding: bytes, version: str) -> None:
    """Raise the error for a transfer coding other than chunked (RFC 9112, section 6.1)."""
    *others, last = (each.strip() for each in coding.split(b","))
    if last != b"chunked" or not all(others) or version == "1.0":  # which had no coding
        raise Malformed
    if others:
        raise TransferCodingNotImplemented


def _meant(error: httptools.HttpParserError, data: bytes) -> AppError:
    """Return the error: our own from a callback, or the parser's as one of ours."""
    if isinstance(error.__context__, AppError):
        return error.__context__
    is_other_method = isinstance(error, httptools.HttpParserInvalidMethodError)
    if is_other_method and _REQUEST_LINE.match(data):
        return MethodNotImplemented()
    return Malformed()
