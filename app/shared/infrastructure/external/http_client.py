"""Requests to other services, limited in time, size, number and destination.

It uses httpx2's transport without its client: so nothing stores cookies, follows redirects, reads
the environment, or logs URLs, whose paths may be secrets.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Final

import httpx2
import stamina

from app.core.context import current_work
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import GuardedTransport

ATTEMPTS: Final = 3
ATTEMPT_SECONDS: Final = 15.0
TIMEOUTS: Final = httpx2.Timeout(10.0, connect=5.0)
LONGEST_PAUSE_SECONDS: Final = 4.0
"""With these, the longest time to an answer or an error is 55 seconds."""

MAX_BODY_BYTES: Final = 1024 * 1024
REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110, 9.2.2
TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
SERVER_ERRORS: Final = range(500, 600)


_REPEATING: Final = stamina.AsyncRetryingCaller(
    attempts=ATTEMPTS,
    timeout=None,
    wait_initial=0.5,
    wait_max=LONGEST_PAUSE_SECONDS,
    wait_jitter=1.0,
)


class NoAnswer(Exception):
    """The host is unreachable, did not answer in time, or did not answer in HTTP."""


class AnswerTooLarge(Exception):
    """The body is longer than this service reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the other service, with any status."""

    status: int
    headers: Mapping[str, str]
    start: bytes
    is_whole: bool

    @property
    def body(self) -> bytes:
        """The body as it was sent. Raises AnswerTooLarge if it has more than `MAX_BODY_BYTES`."""
        if not self.is_whole:
            raise AnswerTooLarge(f"more than {MAX_BODY_BYTES} bytes")
        return self.start

    @property
    def retry_after(self) -> float | None:
        """After how many seconds to try again, if the other side says so (RFC 9110, 10.2.3)."""
        text = self.headers.get("retry-after", "")
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time())
        except (ValueError, OverflowError):
            return None


class _Busy(Exception):
    """An answer that asks for another attempt."""

    def __init__(self, host: str, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"{host} answered {answer.status}")


class HttpClient:
    """Sends requests to other services.

    A request is sent up to `ATTEMPTS` times if that is safe (an idempotent method, or a key) and
    may help (no connection, no answer in time, 429, 502, 503 or 504).
    """

    def __init__(self, transport: GuardedTransport, circuits: CircuitBreaker) -> None:
        self._transport, self._circuits = transport, circuits

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        """Return the answer. `key` tells the other side that it is the same request again.

        Raises NoAnswer, CircuitOpen at once while the circuit is open, and AddressRefused.
        """
        own = _own_headers() | ({} if key is None else {"Idempotency-Key": key})
        request = httpx2.Request(
            method,
            url,
            content=body,
            headers={**own, **(headers or {})},
            extensions={"timeout": TIMEOUTS.as_dict()},
        )
        try:
            if key is None and request.method not in REPEATABLE:
                return await self._attempt(request)
            return await _REPEATING(_pause_before_another, self._attempt, request)
        except _Busy as busy:
            return busy.answer

    async def _attempt(self, request: httpx2.Request) -> Answer:
        host = request.url.netloc.decode("ascii")
        self._circuits.admit(host)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                answer = await self._exchange(request)
        except (httpx2.TransportError, TimeoutError) as error:
            self._circuits.failed(host)
            raise NoAnswer(f"{host}: {str(error) or type(error).__name__}") from None
        if answer.status in SERVER_ERRORS:
            self._circuits.failed(host)
        else:
            self._circuits.succeeded(host)
        if answer.status in TRY_AGAIN:
            raise _Busy(host, answer)
        return answer

    async def _exchange(self, request: httpx2.Request) -> Answer:
        response = await self._transport.handle_async_request(request)
        start = bytearray()
        try:
            async for chunk in response.aiter_raw():
                start += chunk
                if len(start) > MAX_BODY_BYTES:
                    break
        finally:
            await response.aclose()
        return Answer(
            response.status_code,
            response.headers,
            bytes(start[:MAX_BODY_BYTES]),
            is_whole=len(start) <= MAX_BODY_BYTES,
        )


def _own_headers() -> dict[str, str]:
    """Return the headers of every request: the trace, and that the body must not be compressed."""
    work = current_work.get()
    named = {"X-Request-ID": work.request_id, "traceparent": work.traceparent or ""}
    own = {name: value for name, value in named.items() if value}
    # A small compressed body could expand without limit.
    return {"Accept-Encoding": "identity", "User-Agent": "alicerce", **own}


def _pause_before_another(error: Exception) -> bool | float:
    """Return whether another attempt may help, or the pause in seconds that the host asks for."""
    if not isinstance(error, _Busy):
        return isinstance(error, NoAnswer)
    after = error.answer.retry_after
    if after is None:
        return True
    # A longer pause is left to the caller, because the connection would wait here.
    return after + random.uniform(0, 1) if after < LONGEST_PAUSE_SECONDS else False  # noqa: S311 - nothing secret
