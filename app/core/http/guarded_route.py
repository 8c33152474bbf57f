"""A route of FastAPI or of a mounted application, behind our guard."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, Final

from fastapi import FastAPI
from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Message, Receive, Scope, Send

from app.core.context import current_work
from app.core.exceptions import AppError
from app.core.http.bodies import INCOMING, usual_body_limit
from app.core.http.clients import one_client
from app.core.http.cookie_authentication import SAFE_METHODS
from app.core.http.route_guard import CLOSED, RouteGuard, RoutePolicy
from app.core.http.websockets import (
    METHOD,
    MeasuredWebSocket,
    Places,
    WebSocketLimits,
    watched,
)
from app.core.security import Actor

_CSP: Final = b"content-security-policy"
_CACHE: Final = b"cache-control"
_REFERRER: Final = b"referrer-policy"
_VALIDATORS: Final = {b"etag", b"last-modified"}


class GuardedRoute(BaseRoute):
    """A foreign route, or all routes of an application, behind our guard."""

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
        self.body_limit = body_limit or usual_body_limit(is_public=policy.access.is_public)
        self._limits = websocket_limits or WebSocketLimits()
        self._places = Places(self._limits.connections)

    def bind(self, guard: RouteGuard, _app: FastAPI) -> None:
        """Give the route the guard that it asks."""
        self._guard = guard

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = self.inner.matches(scope)
        if match is Match.NONE and self.is_mount:  # its own path, without the slash
            match, child_scope = self.inner.matches({**scope, "path": f"{scope['path']}/"})
        return match, {**child_scope, "route": self}

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        return self.inner.url_path_for(name, **path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authorize the caller; the application inside finds it as `scope["actor"]`."""
        if scope["type"] == "websocket":
            await self._handle_websocket(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        actor = await self._guard.authorize(scope["method"], headers, self._policy)
        if (incoming := scope.get(INCOMING)) is not None:
            incoming.limit_to(self.body_limit)
        if self._lacks_slash(scope) and scope["method"] in SAFE_METHODS:
            # So that relative links of a page stay below the mount.
            query = scope["query_string"].decode("latin-1")
            url = URL(path=f"{scope['path']}/", query=query)
            await RedirectResponse(url)(scope, receive, send)
            return
        exchange = _Exchange(receive, send, self._missing_headers)
        inside = self._inside(scope, actor)
        try:
            await self.inner.handle(inside, exchange.receive, exchange.send)
        finally:
            exchange.raise_refusal()

    async def _handle_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        self._guard.check_page(headers)
        actor = await self._guard.authorize(METHOD, headers, self._policy)
        websocket = MeasuredWebSocket(scope, receive, send, self._limits)
        inside = self._inside(scope, actor)
        caller = str(actor.user_id) if actor else one_client(current_work.get().client)
        ask_again = partial(self._guard.ask_again, METHOD, headers, self.access)
        with self._places.taken_by(caller):
            async with watched(websocket, ask_again) if actor else nullcontext():
                await self.inner.handle(inside, websocket.receive, websocket.send)

    def _inside(self, scope: Scope, actor: Actor | None) -> Scope:
        # A copy: the application writes its own route into the scope, which is no address of ours.
        path = f"{scope['path']}/" if self._lacks_slash(scope) else scope["path"]
        return {**scope, "path": path, "actor": actor}

    def _lacks_slash(self, scope: Scope) -> bool:
        return self.is_mount and scope["path"] == scope["root_path"]

    def _missing_headers(self, present: set[bytes]) -> list[tuple[bytes, bytes]]:
        missing = []
        if self._csp is not None and _CSP not in present:
            missing.append((_CSP, self._csp))
        if self._csp is not None and _REFERRER not in present:
            # Without a referrer browsers send a form with `Origin: null`, which is not our origin.
            missing.append((_REFERRER, b"same-origin"))
        # files may be stored, after asking again
        if _CACHE not in present and present & _VALIDATORS:
            kept_by = b"" if self.access.is_public else b"private, "
            missing.append((_CACHE, kept_by + b"no-cache"))
        return missing


class _Exchange:
    """One request and its answer, as they pass between us and the application."""

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
            return  # an error page of an application that does not know our error
        self._is_begun = True
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ())]
            headers += self._missing({name.lower() for name, _ in headers})
            message = {**message, "headers": headers}
        await self._send(message)

    def raise_refusal(self) -> None:
        """Raise our own error about the body, if no answer was sent yet."""
        try:
            if self._refusal is not None and not self._is_begun:
                raise self._refusal
        finally:
            self._refusal = None  # its traceback holds this object
