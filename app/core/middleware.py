"""The outermost layer, pure ASGI: request id, security headers, access log, errors as problems."""

import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from app.core.context import WorkContext, current_work
from app.core.exceptions import AppError, InternalError
from app.core.metrics import observe_request
from app.core.problems import as_app_error, send_problem

log = structlog.get_logger("access")

SANE_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9-]{8,64}")
# W3C Trace Context, section 3.2: version, trace id, parent id, flags.
TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

# OWASP REST security cheat sheet: what an API tells a browser to never do with its answers.
SECURITY_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
DEFAULT_HEADERS: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}


class RequestBoundary:
    """Where a request enters and its answer leaves: nothing unlogged, nothing but problems."""

    def __init__(self, app: ASGIApp, *, report: Callable[[Exception], object]) -> None:
        self._app = app
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        work = WorkContext(
            request_id=_request_id(headers.get(b"x-request-id")),
            traceparent=_traceparent(headers.get(b"traceparent")),
        )
        token = current_work.set(work)
        answer = _Answer(send, work.request_id)
        started = time.perf_counter()
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            problem = as_app_error(error)
            if isinstance(problem, InternalError):
                log.exception("unexpected error")
                self._report(error)
            await answer.fail(error, problem)
        finally:
            seconds = time.perf_counter() - started
            observe_request(scope, answer.status, seconds)
            _log_access(scope, work, answer.status, seconds)
            current_work.reset(token)


class _Answer:
    """Passes the answer on, with our headers, and remembers how far it came."""

    __slots__ = ("_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *SECURITY_HEADERS]
            present = {name for name, _ in headers}
            headers += [pair for pair in DEFAULT_HEADERS.items() if pair[0] not in present]
            headers.append((b"x-request-id", self._request_id.encode()))
            message["headers"] = headers
        await self._send(message)

    async def fail(self, error: Exception, problem: AppError) -> None:
        if self.status:
            # The first bytes have left: only cutting the connection can still tell the client.
            raise error
        await send_problem(self.send, problem, self._request_id)


def _request_id(sent: bytes | None) -> str:
    """Take the client's id if it is a sane token, else make one."""
    if sent is not None and SANE_REQUEST_ID.fullmatch(sent):
        return sent.decode("ascii")
    return str(uuid7())


def _traceparent(sent: bytes | None) -> str | None:
    if sent is not None and TRACEPARENT.fullmatch(sent):
        return sent.decode("ascii")
    return None


def _log_access(scope: Scope, work: WorkContext, status: int, seconds: float) -> None:
    client = scope.get("client")
    log.info(
        "request",
        method=scope["method"],
        path=quote(scope["path"]),  # a decoded one could end the line, or turn it around
        status=status,
        ms=round(seconds * 1000, 2),
        client=client[0] if client else None,
        actor=str(work.actor_id) if work.actor_id else None,
    )
