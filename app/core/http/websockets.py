"""WebSockets: who may open one, which messages it takes, and when it ends."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.exceptions import WebSocketException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from app.core.context import current_work
from app.core.exceptions import AppError, Forbidden, Unauthenticated
from app.core.http.bodies import CUT, KIB
from app.core.http.clients import ClientAddresses
from app.core.http.hosts import Hosts
from app.core.http.ingress_policy import OPEN, IngressPolicy
from app.core.http.metrics import WEBSOCKETS
from app.core.http.problems import http_status_of
from app.core.http.streams import Cut
from app.core.limits import MINUTE, TooManyRequests
from app.core.middleware import Refusals, check, log_access, tell_of_defect, work_of

log = structlog.get_logger("access")

METHOD: Final = "WEBSOCKET"
"""The log has this where a request has its method."""
SWITCHED: Final = 101

# RFC 6455, section 7.4.1, and IANA's registry of close codes.
TOO_BIG, AGAINST_THE_RULES, TRY_LATER, DEFECT = 1009, 1008, 1013, 1011
_CODE_OF: Final = {401: 3000, 403: 3003, 413: TOO_BIG, 500: DEFECT, 503: TRY_LATER}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketLimits:
    """What one caller may do at one address, in each process."""

    connections: int = 10
    message_bytes: int = 64 * KIB
    messages_per_minute: int = 600


class WebSocketBoundary:
    """The outermost layer of a WebSocket: it logs each one, and answers each refusal."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        report: Callable[[Exception], object],
        ingress: IngressPolicy = OPEN,
    ) -> None:
        self._app, self._report = app, report
        self._clients = ClientAddresses(ingress.trusted_proxies)
        self._hosts = Hosts(ingress.allowed_hosts)
        self._refusals = Refusals(ingress.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        work = work_of(scope, headers, self._clients)
        token = current_work.set(work)
        connection, started = _Connection(scope, send, work.request_id), time.perf_counter()
        cut = scope[CUT] = Cut(asyncio.current_task())
        try:
            check(scope, headers, self._hosts)
            with WEBSOCKETS.track_inprogress():
                await self._app(scope, receive, connection.send)
        except WebSocketDisconnect:
            pass  # the client's own error
        except asyncio.CancelledError:
            cut.take()
        except WebSocketException as error:
            await connection.close(error.code, error.reason)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told of an end
            tell_of_defect(error, self._report)
            await self._end(connection, error)
        finally:
            scope.pop(CUT, None)
            if self._refusals.is_worth_a_line(work):
                log_access(METHOD, scope, work, connection.status, time.perf_counter() - started)
            current_work.reset(token)

    async def _end(self, connection: "_Connection", error: Exception) -> None:
        if not connection.status:
            await self._refusals.answer(error, connection.deny)
            return
        status, code = http_status_of(error)
        await connection.close(close_code(status), code)


class _Connection:
    """The state of one WebSocket."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._send, self._request_id = send, request_id
        self._can_deny = "websocket.http.response" in scope.get("extensions", {})
        self.status = 0

    async def send(self, message: Message) -> None:
        if not self.status:
            is_accepted = message["type"] == "websocket.accept"
            self.status = SWITCHED if is_accepted else message.get("status", 403)
        try:
            await self._send(message)
        except OSError:
            raise WebSocketDisconnect(1006) from None

    async def deny(self, message: Message) -> None:
        """Send an HTTP answer in place of a WebSocket, if the server can."""
        if self._can_deny:
            if "headers" in message:
                message["headers"].append((b"x-request-id", self._request_id.encode()))
            await self.send({**message, "type": f"websocket.{message['type']}"})
        elif "status" in message:
            await self.send({"type": "websocket.close", "code": AGAINST_THE_RULES})
            self.status = message["status"]

    async def close(self, code: int, reason: str | None) -> None:
        with suppress(WebSocketDisconnect):
            await self.send({"type": "websocket.close", "code": code, "reason": reason})


def close_code(status: int) -> int:
    """Return the close code for an error that a request would answer with this status."""
    return _CODE_OF.get(status, AGAINST_THE_RULES if status < 500 else DEFECT)  # noqa: PLR2004


class Places:
    """Counts the WebSockets that each caller has open at one address."""

    def __init__(self, most: int) -> None:
        self._most, self._open = most, Counter[str]()

    @contextmanager
    def taken_by(self, caller: str) -> Iterator[None]:
        """Count one while the block runs. Raises TooManyRequests if the caller has too many."""
        if self._open[caller] >= self._most:
            raise TooManyRequests
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]


class MeasuredWebSocket:
    """Limits the size and number of messages of one WebSocket."""

    END_SECONDS: Final = 1.0

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: WebSocketLimits) -> None:
        self._scope, self._receive, self._send, self._limits = scope, receive, send, limits
        self._ended: WebSocketDisconnect | None = None
        self._left, self._refilled_at = float(limits.messages_per_minute), time.monotonic()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive" or self._ended is not None:
            return message
        content = message.get("bytes") or (message.get("text") or "").encode()
        if len(content) > self._limits.message_bytes:
            return await self._break_off(TOO_BIG, "message too large")
        if not self._is_in_time():
            return await self._break_off(AGAINST_THE_RULES, "too many messages")
        return message

    async def send(self, message: Message) -> None:
        if self._ended is not None:
            raise self._ended
        await self._send(message)

    async def end(self, code: int, reason: str) -> None:
        """Close it from our side; an endpoint that does not notice is ended a second later."""
        if self._ended is None:
            self._ended = WebSocketDisconnect(code, reason)
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
            if (cut := self._scope.get(CUT)) is not None:
                asyncio.get_running_loop().call_later(self.END_SECONDS, cut)

    async def _break_off(self, code: int, reason: str) -> Message:
        await self.end(code, reason)
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    def _is_in_time(self) -> bool:
        now, most = time.monotonic(), self._limits.messages_per_minute
        self._left = min(most, self._left + (now - self._refilled_at) * most / MINUTE)
        self._refilled_at = now
        self._left -= 1
        return self._left >= 0


WATCH_SECONDS: Final = 10.0
"""How often the WebSocket's caller is checked again."""


@asynccontextmanager
async def watched(
    websocket: MeasuredWebSocket, ask_again: Callable[[], Awaitable[object]]
) -> AsyncIterator[None]:
    """End the WebSocket during the block when its session ends, or loses its permission."""
    watch = asyncio.create_task(_watch(websocket, ask_again))
    try:
        yield
    finally:
        watch.cancel()


async def _watch(websocket: MeasuredWebSocket, ask_again: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            await ask_again()
        except (Unauthenticated, Forbidden) as error:
            with suppress(WebSocketDisconnect):
                await websocket.end(close_code(http_status_of(error)[0]), error.code)
            return
        except AppError as error:  # the session cannot be checked right now
            log.warning("a WebSocket's session could not be checked", code=error.code)
