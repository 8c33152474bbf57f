"""Routes: FastAPI's matching and OpenAPI, with parameters read by a plan made once.

FastAPI resolves the parameters of each request in a general way. A route here knows the few kinds
that the project uses (`core/http/parameters.py`) and reads them directly, which is several times
faster. It is also the place for access policies, strict JSON, unknown parameters and ETags.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import Any, Final

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.admission import Importance
from app.core.exceptions import AppError, CompositionError, MethodNotAllowed
from app.core.http.answers import FILTERS, writer_of
from app.core.http.bodies import BYTES_OF_A_VALUE, FEW_VALUES, INCOMING, usual_body_limit
from app.core.http.by_fastapi import StrictByFastApi
from app.core.http.cookie_authentication import SAFE_METHODS
from app.core.http.cors import PREFLIGHT, answer_preflight
from app.core.http.documentation import Documentation, summary_of
from app.core.http.header_parameters import idempotency_key, is_unchanged
from app.core.http.parameters import Call, NotPlanned, Plan, plan_for
from app.core.http.route_guard import CLOSED, RouteGuard, RoutePolicy
from app.core.http.shedding import usual_importance
from app.core.http.streams import BODILESS
from app.core.idempotency import (
    Answer,
    IdempotencyStore,
    IdempotentCall,
    fingerprint,
    run_once,
)
from app.core.limits import Limit
from app.core.security import Access

API: Final = "/api/v1"

_NO_APP: Final = FastAPI(openapi_url=None)


# Features that only FastAPI has, where it calls the endpoint itself.
_BY_FASTAPI: Final = {
    *("dependencies", "response_class", "form_limits", "max_body_size", "strict_content_type"),
}


class UnusableRoute(CompositionError):
    """The service cannot start with this route; the sentence says how to mend it."""


class ApiRoute(APIRoute):
    """One method at one address: who may call it, what it takes and what it answers."""

    is_mount: Final = False

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        access: Access,
        created_at: str | None = None,
        raises: Sequence[type[AppError]] = (),
        limit: Limit | None = None,
        counted: bool = True,
        importance: Importance | None = None,
        replayable: bool = True,
        body_limit: int | None = None,
        sends: Sequence[str] = (),
        by_fastapi: bool = False,
        is_strict: bool = True,
        **options: Any,
    ) -> None:
        options.setdefault("summary", summary_of(endpoint))
        options.setdefault("dependency_overrides_provider", self)
        super().__init__(path, endpoint, **options)
        # `$` also matches before a line feed at the end, which a path may have.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")
        self.methods_served: frozenset[str] = frozenset(self.methods or ())
        self.access = access
        self.importance = (
            usual_importance(access, self.response_model) if importance is None else importance
        )
        self._created_at = created_at
        self._policy = RoutePolicy(access, limit, counted)
        self._guard, self._app = CLOSED, _NO_APP
        self.body_limit = body_limit or usual_body_limit(is_public=access.is_public)
        self._most_values = max(FEW_VALUES, self.body_limit // BYTES_OF_A_VALUE)
        self._has_etag = "version" in getattr(self.response_model, "__dataclass_fields__", {})
        self._plan = None if by_fastapi else self._planned(options)
        if access.is_public and self._plan is not None and self._plan.takes_actor:
            message = f"{path}: a public route has no actor, so its endpoint cannot take one"
            raise UnusableRoute(message)
        if self._plan is not None:  # otherwise FastAPI writes the endpoint's answer
            annotation = signature(endpoint, eval_str=True).return_annotation
            self._write = writer_of(self, annotation, is_filtered=bool(FILTERS & options.keys()))
        is_known = self._plan is not None and not access.is_public
        self.takes_key = replayable and is_known and self.methods_served == {"POST"}
        left: ASGIApp = AsyncExitStackMiddleware(super().handle)
        self._left_to_fastapi = (
            StrictByFastApi(left, self, most_values=self._most_values) if is_strict else left
        )
        documentation = self._documentation(raises, sends)
        self.responses = {**documentation.responses(), **self.responses}
        self.openapi_extra = {**documentation.extra(), **(self.openapi_extra or {})}

    def bind(self, guard: RouteGuard, app: FastAPI) -> None:
        """Give the route its guard and its application."""
        self._guard, self._app = guard, app
        if self._created_at is not None:
            self._created_at = app.root_path + self._created_at

    @property
    def dependency_overrides(self) -> dict[Any, Any]:
        """The overrides of the application, as FastAPI has them."""
        return self._app.dependency_overrides

    def _planned(self, options: dict[str, Any]) -> Plan:
        try:
            if found := _BY_FASTAPI & options.keys():
                names = " and ".join(f"{name}=" for name in sorted(found))
                raise NotPlanned(f"{names} is supported only by FastAPI")  # noqa: TRY301
            return plan_for(self.endpoint, set(self.param_convertors))
        except NotPlanned as why:
            where = f"{', '.join(sorted(self.methods_served))} {self.path}"
            message = f"{where}: {why}; or use by_fastapi=True (see docs/fastapi.md)"
            raise UnusableRoute(message) from None

    def _is_overridden(self, plan: Plan) -> bool:
        return not plan.dependencies.isdisjoint(self._app.dependency_overrides)

    def _documentation(
        self, raises: Sequence[type[AppError]], sends: Sequence[str]
    ) -> Documentation:
        return Documentation(
            policy=self._policy,
            plan=self._plan,
            raises=raises,
            status=self.status_code or 200,
            is_safe=self.methods_served <= SAFE_METHODS,
            has_etag=self._has_etag,
            has_location=self._created_at is not None,
            takes_key=self.takes_key,
            body_limit=self.body_limit,
            sends=sends,
        )

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authorize the caller, read the arguments, call the endpoint, write its answer."""
        if scope["method"] not in self.methods_served:
            await _answer_another_method(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        actor = await self._guard.authorize(scope["method"], headers, self._policy)
        if (incoming := scope.get(INCOMING)) is not None:
            incoming.limit_to(self.body_limit)
        if self._plan is None or (
            self._app.dependency_overrides and self._is_overridden(self._plan)
        ):
            scope["actor"] = actor
            await self._left_to_fastapi(scope, receive, send)
            return
        call = Call(scope, headers, actor, most_values=self._most_values)
        key = idempotency_key(headers) if self.takes_key else None
        arguments = await self._plan.arguments(call, receive)
        if key is not None and self._guard.idempotency_store is not None:
            await _send(
                await self._run_once(key, call, arguments, self._guard.idempotency_store), send
            )
            return
        answer = await self.endpoint(**arguments)
        if isinstance(answer, Response):
            await answer(scope, receive, send)
        else:
            await _send(self._written(answer, headers), send)

    async def _run_once(
        self, key: str, call: Call, arguments: dict[str, Any], store: IdempotencyStore
    ) -> Answer:
        assert call.actor is not None  # noqa: S101 - a public route takes no key
        call_once = IdempotentCall(
            user_id=call.actor.user_id,
            operation=f"POST {self.path}",
            key=key,
            fingerprint=fingerprint(
                call.scope["path"], call.headers.get(b"if-match", b""), call.body
            ),
        )

        async def do() -> Answer:
            return self._written(await self.endpoint(**arguments), call.headers)

        return await run_once(call_once, store, do)

    def _written(self, answer: Any, request: dict[bytes, bytes]) -> Answer:
        status, body = self.status_code or 200, b""
        headers = []
        if self._has_etag:
            tag = b'"%d"' % answer.version
            headers.append((b"etag", tag))
            if self.methods_served == {"GET"} and is_unchanged(request, answer.version):
                status = 304
        if self._created_at is not None:
            location = self._created_at.format(id=answer.id)
            headers.append((b"location", location.encode()))
        if status not in BODILESS:
            body = self._write(answer)
            headers.append((b"content-type", b"application/json"))
            headers.append((b"content-length", b"%d" % len(body)))
        return Answer(status, headers, body)


class ApiRouter:
    """The URL table of a module: a function builds it from the module's controllers."""

    def __init__(
        self, prefix: str = "", *, tags: Sequence[str] = (), description: str = ""
    ) -> None:
        self.routes: list[ApiRoute] = []
        self.tags = list(tags)
        self.description = description
        self._prefix = prefix

    def get(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._add("GET", path, endpoint, **options)

    def post(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._add("POST", path, endpoint, **options)

    def put(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._add("PUT", path, endpoint, **options)

    def patch(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._add("PATCH", path, endpoint, **options)

    def delete(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._add("DELETE", path, endpoint, **options)

    def routes_for(self, _app: FastAPI) -> Sequence[ApiRoute]:
        return self.routes

    def accesses(self) -> Iterator[tuple[str, Access]]:
        for route in self.routes:
            methods = "|".join(sorted(route.methods_served))
            yield f"{methods} {re.sub(r'{[^}]*}', '{…}', route.path)}", route.access

    def _add(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        *,
        route_class: type[ApiRoute] = ApiRoute,
        **options: Any,
    ) -> None:
        options.setdefault("tags", self.tags)
        if self.tags:
            # Also its name, because FastAPI's users find their routes by the plain one.
            options.setdefault("operation_id", f"{self.tags[0]}_{endpoint.__name__}")
            options.setdefault("name", options["operation_id"])
        self.routes.append(route_class(self._prefix + path, endpoint, methods=[method], **options))


async def _send(answer: Answer, send: Send) -> None:
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    await send({"type": "http.response.body", "body": answer.body})


async def _answer_another_method(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer HEAD as GET without the body (RFC 9110, section 9.3.2); refuse any other method."""
    as_get = {**scope, "method": "GET"}
    there = [
        r for r in scope["router"].routes if r.methods_served and r.matches(as_get)[0] != Match.NONE
    ]
    get = next((route for route in there if "GET" in route.methods_served), None)
    if get is None or scope["method"] != "HEAD":
        served = {method for route in there for method in route.methods_served}
        allowed = sorted(served | ({"HEAD"} if get else set()))
        if scope.get(PREFLIGHT) not in allowed:
            raise MethodNotAllowed(allowed)
        await answer_preflight(send, allowed)
        return
    as_get.update(get.matches(as_get)[1])
    await get.handle(as_get, receive, _without_body(send))


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if "body" in message else message)

    return send_head
