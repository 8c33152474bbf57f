"""Requests to other services, limited in time, size, number and destination.

It uses httpx2's transport without its client: so nothing stores cookies, follows redirects, reads
the environment, or logs URLs, whose paths may be secrets.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Final, Self

import httpx2
import stamina

from app.core.context import current_work
from app.core.resources import Resource
from app.shared.application.http import MAX_BODY_BYTES, Answer, NoAnswer
from app.shared.infrastructure.external.circuit_breaker import CircuitBreaker
from app.shared.infrastructure.external.guarded_transport import ALLOW_PRIVATE, GuardedTransport
from app.shared.infrastructure.external.http_metrics import count_retry, measured
from app.shared.infrastructure.external.retry_budget import RetryBudget

ATTEMPTS: Final = 3
ATTEMPT_SECONDS: Final = 15.0
TIMEOUTS: Final = httpx2.Timeout(10.0, connect=5.0)
LONGEST_PAUSE_SECONDS: Final = 4.0
"""With these, the longest time to an answer or an error is 55 seconds."""

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


class _Busy(Exception):
    """An answer that asks for another attempt."""

    def __init__(self, host: str, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"{host} answered {answer.status}")


class GuardedHttpClient(Resource):
    """Sends requests to other services, over connections that are kept for a while.

    A request is sent up to `ATTEMPTS` times if that is safe (an idempotent method, or a key) and
    may help (no connection, no answer in time, 429, 502, 503 or 504), within the host's budget.
    """

    def __init__(
        self,
        transport: GuardedTransport,
        circuits: CircuitBreaker,
        budget: RetryBudget,
        *,
        allow_private: bool = False,
    ) -> None:
        self._transport, self._circuits, self._budget = transport, circuits, budget
        self._allow_private = allow_private

    def inside(self) -> Self:
        return type(self)(self._transport, self._circuits, self._budget, allow_private=True)

    async def close(self) -> None:
        await self._transport.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        own = _own_headers() | ({} if key is None else {"Idempotency-Key": key})
        request = httpx2.Request(
            method,
            url,
            content=body,
            headers={**own, **(headers or {})},
            extensions={"timeout": TIMEOUTS.as_dict(), ALLOW_PRIVATE: self._allow_private},
        )
        may_repeat = key is not None or request.method in REPEATABLE
        return await measured(_host(request), self._send(request, may_repeat=may_repeat))

    async def _send(self, request: httpx2.Request, *, may_repeat: bool) -> Answer:
        try:
            if not may_repeat:
                return await self._attempt(request)
            return await _REPEATING(self._may_repeat(_host(request)), self._attempt, request)
        except _Busy as busy:
            return busy.answer

    def _may_repeat(self, host: str) -> Callable[[Exception], bool | float]:
        self._budget.earn(host)
        failed = 0

        def pause_before_another(error: Exception) -> bool | float:
            nonlocal failed
            failed += 1
            pause = _pause_before_another(error) if failed < ATTEMPTS else False
            if pause is False or not self._budget.spend(host):
                return False
            count_retry(host)
            return pause

        return pause_before_another

    async def _attempt(self, request: httpx2.Request) -> Answer:
        host = _host(request)
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


def _host(request: httpx2.Request) -> str:
    return request.url.netloc.decode("ascii")


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
