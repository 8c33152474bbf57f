"""What FastAPI's users bring along: its routers, whole applications, routes of Starlette's.

Each of them names its access policy, and is asked for it before anything of it runs.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from inspect import signature
from typing import Any, Final, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.context import current_work
from app.core.exceptions import AppError
from app.core.http.bodies import BODY_BYTES, INCOMING, PUBLIC_BODY_BYTES
from app.core.http.clients import one_client
from app.core.http.route_guard import CLOSED, RouteGuard, RoutePolicy
from app.core.http.routing import ApiRoute, UnusableRoute
from app.core.http.websockets import METHOD, MeasuredWebSocket, Places, WebSocketLimits, watched
from app.core.limits import Limit
from app.core.security import Access

# What FastAPI knows of a route, by the names that the route's class takes it by.
_OPTIONS: Final = frozenset(signature(APIRoute).parameters) - {
    *("path", "endpoint", "form_limits", "dependency_overrides_provider"),
}
_CSP: Final = b"content-security-policy"
_CACHE: Final = b"cache-control"
_VALIDATORS: Final = {b"etag", b"last-modified"}


class GuardedRoute(BaseRoute):
    """Somebody else's route, or all routes of an application, behind our guard."""

    def __init__(
        self,
        inner: Any,  # a BaseRoute, or the RouteContext of one
        policy: RoutePolicy,
        *,
        csp: str | None = None,
        body_limit: int | None = None,
        websocket_limits: WebSocketLimits | None = None,
    ) -> None:
        self.inner = inner
        self.path = inner.path or "/"
        self.path_regex: re.Pattern[str] = inner.path_regex
        self.is_mount = isinstance(getattr(inner, "original_route", inner), Mount)
        self.access = policy.access
        self.methods_served: frozenset[str] = frozenset(getattr(inner, "methods", None) or ())
        self._policy = policy
        self._guard = CLOSED
        self._csp = csp.encode("ascii") if csp is not None else None
        self.body_limit = body_limit or default_body_limit(policy.access)
        self._limits = websocket_limits or WebSocketLimits()
        self._places = Places(self._limits.connections)

    def bind(self, guard: RouteGuard, _app: FastAPI) -> None:
        """Give the route what it asks before it lets anybody through."""
        self._guard = guard

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = self.inner.matches(scope)
        return match, {**child_scope, "route": self}

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        return self.inner.url_path_for(name, **path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the caller; what is inside finds them as `scope["actor"]`."""
        if scope["type"] == "websocket":
            await self._handle_websocket(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        actor = await self._guard.authorize(scope["method"], headers, self._policy)
        if (incoming := scope.get(INCOMING)) is not None:
            incoming.limit_to(self.body_limit)
        exchange = _Exchange(receive, send, self._missing_headers)
        # A copy: who is inside writes its own route into it, which is none of our addresses.
        inside = {**scope, "actor": actor}
        try:
            await self.inner.handle(inside, exchange.receive, exchange.send)
        finally:
            exchange.raise_refusal()

    async def _handle_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._guard.check_page(headers)
        actor = await self._guard.authorize(METHOD, headers, self._policy)
        websocket = MeasuredWebSocket(scope, receive, send, self._limits)
        inside = {**scope, "actor": actor}
        caller = str(actor.user_id) if actor else one_client(current_work.get().client)
        ask_again = partial(self._guard.ask_again, METHOD, headers, self.access)
        with self._places.taken_by(caller):
            async with watched(websocket, ask_again) if actor else nullcontext():
                await self.inner.handle(inside, websocket.receive, websocket.send)

    def _missing_headers(self, present: set[bytes]) -> list[tuple[bytes, bytes]]:
        missing = []
        if self._csp is not None and _CSP not in present:
            missing.append((_CSP, self._csp))
        if _CACHE not in present and present & _VALIDATORS:  # files, kept if asked anew
            kept_by = b"" if self.access.is_public else b"private, "
            missing.append((_CACHE, kept_by + b"no-cache"))
        return missing


class _Exchange:
    """One request and its answer, as far as they pass between us and what is inside."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        missing: Callable[[set[bytes]], list[tuple[bytes, bytes]]],
    ) -> None:
        self._receive, self._send, self._missing = receive, send, missing
        self._is_begun = False
        self._refusal: AppError | None = None

    async def receive(self) -> Message:
        try:
            return await self._receive()
        except AppError as error:  # the body is too large, or late
            self._refusal = error
            raise

    async def send(self, message: Message) -> None:
        if self._refusal is not None and not self._is_begun:
            return  # a page about an error that it does not know
        self._is_begun = True
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ())]
            headers += self._missing({name.lower() for name, _ in headers})
            message = {**message, "headers": headers}
        await self._send(message)

    def raise_refusal(self) -> None:
        """Raise what our own side had against the body, if it is not too late for that."""
        if self._refusal is not None and not self._is_begun:
            raise self._refusal


Guarded = ApiRoute | GuardedRoute


class Routes(Protocol):
    """What brings routes: a router of ours, or one of those below."""

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        """Return the routes, made for this application."""
        ...


class MountedRouter:
    """A router of FastAPI's: its parameters, dependencies and answers are FastAPI's business.

    `options` are those of FastAPI's `include_router`, such as `prefix`.
    """

    def __init__(
        self,
        router: APIRouter,
        *,
        access: Access,
        limit: Limit | None = None,
        counted: bool = True,
        body_limit: int | None = None,
        **options: Any,
    ) -> None:
        self._router, self._options = router, options
        self._access, self._limit, self._counted = access, limit, counted
        self._body_limit = body_limit

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        if getattr(self._router, "_low_priority_routes", None):
            message = "router.frontend(): mount a FastAPI() that has it, by mount(path, app, …)"
            raise UnusableRoute(message)
        # FastAPI joins prefixes, tags, dependencies and lifespans; we put our guard before each.
        app.include_router(self._router, **self._options)
        included = app.router.routes.pop()
        return [self._guarded(context, app) for context in iter_route_contexts([included])]

    def _guarded(self, context: RouteContext, app: FastAPI) -> Guarded:
        original = context.original_route
        if not isinstance(original, APIRoute):
            policy = RoutePolicy(self._access, self._limit, self._counted)
            return GuardedRoute(context, policy, body_limit=self._body_limit)
        options = {name: getattr(context, name) for name in _OPTIONS}
        return _kind_of(type(original))(
            context.path or "",
            context.endpoint or original.endpoint,
            access=self._access,
            limit=self._limit,
            counted=self._counted,
            body_limit=options["max_body_size"] or self._body_limit,
            by_fastapi=True,
            is_strict=False,
            form_limits={**self._router.form_limits, **original.form_limits},
            dependency_overrides_provider=app,
            **options,
        )


class MountedApp:
    """A whole application below a path: files, an admin's pages, GraphQL.

    `csp` is the Content-Security-Policy of its answers that name none; without it they have the
    policy of an API, under which no page shows anything.
    """

    def __init__(
        self,
        path: str,
        app: ASGIApp,
        *,
        access: Access,
        name: str | None = None,
        csp: str | None = None,
        limit: Limit | None = None,
        counted: bool = True,
        body_limit: int | None = None,
    ) -> None:
        if path and not path.startswith("/"):
            raise UnusableRoute(f"{path}: a path to mount something at begins with a slash")
        self._route = GuardedRoute(
            Mount(path, app=app, name=name),
            RoutePolicy(access, limit, counted),
            csp=csp,
            body_limit=body_limit,
        )

    def routes_for(self, _app: FastAPI) -> Sequence[Guarded]:
        return [self._route]


class MountedWebSocket:
    """A WebSocket of FastAPI's: its parameters and dependencies are FastAPI's business."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        access: Access,
        limits: WebSocketLimits | None = None,
        limit: Limit | None = None,
        counted: bool = True,
        **options: Any,
    ) -> None:
        self._path, self._endpoint, self._options = path, endpoint, options
        self._policy, self._limits = RoutePolicy(access, limit, counted), limits

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        inner = APIWebSocketRoute(
            self._path, self._endpoint, dependency_overrides_provider=app, **self._options
        )
        return [GuardedRoute(inner, self._policy, websocket_limits=self._limits)]


def default_body_limit(access: Access) -> int:
    """Return how many bytes of a body are taken where nothing else is said."""
    return PUBLIC_BODY_BYTES if access.is_public else BODY_BYTES


def _kind_of(original: type[APIRoute]) -> Callable[..., ApiRoute]:
    """Return our route; with what the router's own class of routes does, if it has one."""
    if original is APIRoute:
        return ApiRoute
    return type(original.__name__, (ApiRoute, original), {})
