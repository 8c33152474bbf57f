"""The outermost layer, pure ASGI: checks of requests, security headers, access log, problems."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import quote

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from app.core import tracing
from app.core.context import WorkContext, current_work
from app.core.exceptions import AppError, InternalError, Unavailable
from app.core.http.bodies import (
    CUT,
    GONE,
    INCOMING,
    MAX_BODY_BYTES,
    REFUSED,
    IncomingBody,
    announces_body,
)
from app.core.http.clients import ClientAddresses, one_client
from app.core.http.cors import Cors
from app.core.http.hosts import Hosts, refuse_duplicates
from app.core.http.ingress_policy import OPEN, IngressPolicy
from app.core.http.metrics import observe_request
from app.core.http.paths import refuse_misspelled
from app.core.http.problems import as_app_error, send_problem
from app.core.http.rate_limit import RateLimit
from app.core.http.streams import BODILESS, Cut, cut_of

log = structlog.get_logger("access")

SANE_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9-]{8,64}")
# W3C Trace Context, section 3.2: version, trace id, parent id, flags.
TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

# Headers that restrict what a browser does with an API's answers (OWASP REST security cheat sheet).
SECURITY_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
TRANSPORT_SECURITY: Final = b"strict-transport-security"
FOR_A_YEAR: Final = b"max-age=31536000"
DEFAULT_HEADERS: Final = {
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
    b"referrer-policy": b"no-referrer",
}


class RequestBoundary:
    """The first and last code of a request: it logs each one, and turns each error into a problem.

    What is not HTTP goes to `others`. No body may be longer than `body_limit`; most routes allow
    less.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        report: Callable[[Exception], object],
        ingress: IngressPolicy = OPEN,
        others: ASGIApp | None = None,
        body_limit: int = MAX_BODY_BYTES,
    ) -> None:
        self._most = body_limit
        self._app = app
        self._others = others or app
        self._clients = ClientAddresses(ingress.trusted_proxies)
        self._report = report
        self._hosts = Hosts(ingress.allowed_hosts)
        self._cors = Cors(ingress.cors_origins) if ingress.cors_origins else None
        self._body_seconds = ingress.body_seconds
        self._refusals = Refusals(ingress.rate_limit)
        self._headers = SECURITY_HEADERS + transport_security(ingress)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._others(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        work = work_of(scope, headers, self._clients)
        token = current_work.set(work)
        traced = tracing.begin_request(scope, work)
        answer = _Answer(scope, send, work, self._headers)
        started = time.perf_counter()
        try:
            if self._cors is not None:
                answer.headers = self._headers + self._cors.headers_for(scope, headers)
            if announces_body(headers):
                body = IncomingBody(scope, receive, headers, self._body_seconds)
                answer.body = scope[INCOMING] = body
                receive = body.receive
                body.limit_to(self._most)
            check(scope, headers, self._hosts)
            await self._app(scope, receive, answer.send)
        except asyncio.CancelledError:  # the server stops, and has waited long enough
            if not answer.status:
                await self._refusals.answer(Unavailable(), answer.send)
            await answer.end_if_cut()
        except Exception as error:
            # The error that the client will get is not kept in a variable. Its traceback holds this
            # frame, so both would keep each other, and the whole request, alive until garbage
            # collection.
            tell_of_defect(error, self._report)
            if not answer.status:
                await self._refusals.answer(error, answer.send)
            elif not answer.is_complete:
                raise  # the first bytes were sent: only closing the connection can signal the error
        finally:
            # These hold the scope, and would leave it to garbage collection.
            scope.pop(INCOMING, None)
            scope.pop(CUT, None)
            scope.pop(REFUSED, None)
            seconds = time.perf_counter() - started
            observe_request(scope, answer.status, seconds, tracing.exemplar(work))
            tracing.end_request(traced, scope, work, answer.status)
            if self._refusals.is_worth_a_line(work):
                log_access(scope["method"], scope, work, answer.status, seconds)
            current_work.reset(token)


class _Answer:
    """Passes the answer on with our headers, and remembers how much was sent."""

    __slots__ = (
        *("_scope", "_send", "_task", "_work"),
        *("body", "cut", "headers", "is_complete", "status"),
    )

    def __init__(
        self, scope: Scope, send: Send, work: WorkContext, headers: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self._scope, self._send, self._work = scope, send, work
        self.headers = headers
        self.status = 0
        self.is_complete = False
        self.body: IncomingBody | None = None
        self.cut: Cut | None = None
        self._task = asyncio.current_task()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), *(self._work.headers or ()), *self.headers]
            present = {name for name, _ in headers}
            if b"content-length" not in present and message["status"] not in BODILESS:
                self.cut = cut_of(self._scope, headers, self._task)
            self.status = message["status"]
            headers += [pair for pair in DEFAULT_HEADERS.items() if pair[0] not in present]
            headers.append((b"x-request-id", self._work.request_id.encode()))
            if self.body is not None and self.body.is_still_coming:
                headers.append((b"connection", b"close"))  # the client does not read the rest
            message["headers"] = headers
        elif not message.get("more_body"):
            self.is_complete = True
        await self._send(message)

    async def end_if_cut(self) -> None:
        """Raise CancelledError if the server ended an answer that has no end of its own."""
        if self.cut is None:
            raise asyncio.CancelledError
        self.cut.take()
        if self.cut.is_whole:
            await self._send({"type": "http.response.body", "body": b""})


class Refusals:
    """Answers with problems, and counts requests that were refused before a route could."""

    def __init__(self, rate_limit: RateLimit | None) -> None:
        self._rate_limit = rate_limit

    async def answer(self, error: Exception, send: Send) -> None:
        work = current_work.get()
        problem = self._too_many(work) or as_app_error(error)
        work.code = problem.code
        await send_problem(send, problem, work.request_id, root_path=work.root_path)

    def is_worth_a_line(self, work: WorkContext) -> bool:
        """Return whether to log the request: a client must not fill the disk with refusals."""
        if self._rate_limit is None or work.headers is not None:  # it was counted
            return work.is_logged
        return self._rate_limit.is_worth_a_line(one_client(work.client))

    def _too_many(self, work: WorkContext) -> AppError | None:
        if self._rate_limit is None or work.headers is not None:
            return None
        return self._rate_limit.refusal(one_client(work.client))


class ForeseenErrors:
    """Turns expected errors of routes into answers, which all middleware then sees.

    Unexpected errors pass through the middleware to the boundary.
    """

    def __init__(self, app: ASGIApp, ingress: IngressPolicy) -> None:
        self._app, self._refusals = app, Refusals(ingress.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def note(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception as error:
            if is_begun or isinstance(as_app_error(error), InternalError):
                raise
            await self._refusals.answer(error, send)


def work_of(scope: Scope, headers: dict[bytes, bytes], clients: ClientAddresses) -> WorkContext:
    """Return the work context of a request, before its route is known."""
    return WorkContext(
        request_id=request_id_of(headers.get(b"x-request-id")),
        client=clients.of(scope),
        root_path=scope.get("root_path", ""),
        traceparent=_traceparent(headers.get(b"traceparent"), scope, clients),
        is_gone=scope.pop(GONE, bool),
    )


def check(scope: Scope, headers: dict[bytes, bytes], hosts: Hosts) -> None:
    """Raise an error if the request itself is invalid, whatever its address."""
    if REFUSED in scope:
        raise scope[REFUSED]
    if len(headers) < len(scope["headers"]):
        refuse_duplicates(scope["headers"])
    hosts.check(scope, headers)
    refuse_misspelled(scope)


def tell_of_defect(error: Exception, report: Callable[[Exception], object]) -> None:
    """Log and report an unexpected error."""
    if not isinstance(as_app_error(error), InternalError):
        return
    # The client gets its answer even if the disk is full or the reporter fails.
    with suppress(Exception):
        log.error("unexpected error", exc_info=error)
    with suppress(Exception):
        report(error)


def transport_security(ingress: IngressPolicy) -> list[tuple[bytes, bytes]]:
    """Return the header that makes browsers use https only (RFC 6797)."""
    subdomains = b"; includeSubDomains" if ingress.hsts_includes_subdomains else b""
    return [(TRANSPORT_SECURITY, FOR_A_YEAR + subdomains)] if ingress.is_https else []


def request_id_of(sent: bytes | None) -> str:
    """Return the client's request id if it is acceptable, else a new one."""
    if sent is not None and SANE_REQUEST_ID.fullmatch(sent):
        return sent.decode("ascii")
    return str(uuid7())


def _traceparent(sent: bytes | None, scope: Scope, clients: ClientAddresses) -> str | None:
    """Return the caller's trace context. Only trusted proxies may decide what we record."""
    if sent is None or not TRACEPARENT.fullmatch(sent):
        return None
    if tracing.is_on() and not clients.is_proxy((scope.get("client") or ("", 0))[0]):
        return None
    return sent.decode("ascii")


def log_access(method: str, scope: Scope, work: WorkContext, status: int, seconds: float) -> None:
    code = {} if work.code is None else {"code": work.code}
    with suppress(Exception):  # the answer was sent, and its connection can be kept
        log.info(
            "request",
            method=method,
            path=quote(scope["path"]),  # a decoded path could end the line or reverse its direction
            status=status,
            **code,
            ms=round(seconds * 1000, 2),
            client=work.client or None,
            actor=str(work.actor_id) if work.actor_id else None,
        )
