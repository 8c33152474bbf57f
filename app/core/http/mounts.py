"""FastAPI's routers, whole applications and WebSockets beside our own routes.

Each names its access policy, which is checked before any of its code runs.
"""

from collections.abc import Callable, Iterable, Sequence
from inspect import signature
from typing import Any, Final, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, RouteContext, iter_route_contexts
from starlette.routing import Mount
from starlette.types import ASGIApp

from app.core.http.guarded_route import GuardedRoute
from app.core.http.route_guard import RoutePolicy
from app.core.http.routing import ApiRoute, UnusableRoute
from app.core.http.websockets import METHOD, WebSocketLimits
from app.core.limits import Limit
from app.core.security import Access

# What FastAPI knows of a route, by the argument names of the route's class.
_OPTIONS: Final = frozenset(signature(APIRoute).parameters) - {
    *("path", "endpoint", "form_limits", "dependency_overrides_provider"),
}
Guarded = ApiRoute | GuardedRoute


class Routes(Protocol):
    """An object that has routes: a router of ours, or one of those below."""

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        """Return the routes for this application."""
        ...

    def accesses(self) -> Iterable[tuple[str, Access]]:
        """Return the addresses, with the access policy of each."""
        ...


class MountedRouter:
    """A router of FastAPI: FastAPI handles its parameters, dependencies and answers.

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

    def accesses(self) -> Iterable[tuple[str, Access]]:
        for route in iter_route_contexts(self._router.routes):
            methods = "|".join(sorted(route.methods or {METHOD}))
            yield f"{methods} {self._options.get('prefix', '')}{route.path}", self._access

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        if getattr(self._router, "_low_priority_routes", None):
            message = (
                "router.frontend() is not supported: use it in a FastAPI(), "
                "and add that with mount(path, app, …)"
            )
            raise UnusableRoute(message)
        # FastAPI joins prefixes, tags, dependencies and lifespans; we put our guard before each
        # route.
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
    """A whole application below a path: files, admin pages, GraphQL.

    `csp` is the Content-Security-Policy of answers that have none. Without it they get the API's
    policy, with which a browser shows nothing.
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
            raise UnusableRoute(f"{path}: a path of mount() begins with a slash")
        self._route = GuardedRoute(
            Mount(path, app=app, name=name),
            RoutePolicy(access, limit, counted),
            csp=csp,
            body_limit=body_limit,
        )

    def accesses(self) -> Iterable[tuple[str, Access]]:
        return [(f"what is mounted at {self._route.path}", self._route.access)]

    def routes_for(self, _app: FastAPI) -> Sequence[Guarded]:
        return [self._route]


class MountedWebSocket:
    """A WebSocket of FastAPI: FastAPI handles its parameters and dependencies."""

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

    def accesses(self) -> Iterable[tuple[str, Access]]:
        return [(f"{METHOD} {self._path}", self._policy.access)]

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        inner = APIWebSocketRoute(
            self._path, self._endpoint, dependency_overrides_provider=app, **self._options
        )
        return [GuardedRoute(inner, self._policy, websocket_limits=self._limits)]


def _kind_of(original: type[APIRoute]) -> Callable[..., ApiRoute]:
    """Return our route class, combined with the router's own route class if it has one."""
    if original is APIRoute:
        return ApiRoute
    return type(original.__name__, (ApiRoute, original), {})
