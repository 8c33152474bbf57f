"""What FastAPI's users bring along: its routers, whole applications, routes of Starlette's.

Each of them names its access policy, and is asked for it before anything of it runs.
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

# What FastAPI knows of a route, by the names that the route's class takes it by.
_OPTIONS: Final = frozenset(signature(APIRoute).parameters) - {
    *("path", "endpoint", "form_limits", "dependency_overrides_provider"),
}
Guarded = ApiRoute | GuardedRoute


class Routes(Protocol):
    """What brings routes: a router of ours, or one of those below."""

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        """Return the routes, made for this application."""
        ...

    def accesses(self) -> Iterable[tuple[str, Access]]:
        """Return its addresses, and what each demands."""
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

    def accesses(self) -> Iterable[tuple[str, Access]]:
        for route in iter_route_contexts(self._router.routes):
            methods = "|".join(sorted(route.methods or {METHOD}))
            yield f"{methods} {self._options.get('prefix', '')}{route.path}", self._access

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

    def accesses(self) -> Iterable[tuple[str, Access]]:
        return [(f"what is mounted at {self._route.path}", self._route.access)]

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

    def accesses(self) -> Iterable[tuple[str, Access]]:
        return [(f"{METHOD} {self._path}", self._policy.access)]

    def routes_for(self, app: FastAPI) -> Sequence[Guarded]:
        inner = APIWebSocketRoute(
            self._path, self._endpoint, dependency_overrides_provider=app, **self._options
        )
        return [GuardedRoute(inner, self._policy, websocket_limits=self._limits)]


def _kind_of(original: type[APIRoute]) -> Callable[..., ApiRoute]:
    """Return our route; with what the router's own class of routes does, if it has one."""
    if original is APIRoute:
        return ApiRoute
    return type(original.__name__, (ApiRoute, original), {})
