"""FastAPI with our boundary around its routes."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp

from app.core.http.answers import leaves_fields_out
from app.core.http.bodies import MAX_BODY_BYTES
from app.core.http.connections import OpenConnections
from app.core.http.dispatch import Dispatch
from app.core.http.documentation import described_tags, refuse_operations_of_one_name
from app.core.http.exception_handlers import handling
from app.core.http.guarded_route import GuardedRoute
from app.core.http.ingress_policy import OPEN, IngressPolicy
from app.core.http.json_schema import described_as_written
from app.core.http.mounts import (
    Guarded,
    MountedApp,
    MountedRouter,
    MountedWebSocket,
    Routes,
)
from app.core.http.openapi import finished
from app.core.http.root_path import BelowRootPath, addresses_of
from app.core.http.route_guard import CLOSED, RouteGuard
from app.core.http.routing import ApiRouter, UnusableRoute
from app.core.http.shedding import Shedding
from app.core.http.websockets import WebSocketBoundary
from app.core.middleware import ForeseenErrors, RequestBoundary, tell_of_defect
from app.core.security import Access

_PARAMETER: Final = re.compile(r"{[^}]*}")


class Service(FastAPI):
    """FastAPI with our boundary around its middleware and its routes.

    Every route names its access policy: `add`, `mount_router`, `mount` and `websocket` require it.
    A route that is added in another way, such as `include_router` or `@app.get`, stops the start.
    """

    def __init__(
        self,
        *,
        report: Callable[[Exception], object],
        ingress: IngressPolicy = OPEN,
        guard: RouteGuard = CLOSED,
        **options: Any,
    ) -> None:
        # FastAPI's own pages would be routes without a policy; ours are `shared/presentation/docs`.
        own_pages = {"openapi_url": None, "docs_url": None, "redoc_url": None}
        # Traces, metrics and logs are our own. FastAPI's traces cost more, and have the query.
        telemetry = {
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        }
        defaults = {**own_pages, "redirect_slashes": False, "telemetry": telemetry}
        super().__init__(**{**defaults, **options})
        # FastAPI's own handlers would answer in another form than our boundary.
        self.exception_handlers = dict(options.get("exception_handlers") or {})
        self._report, self._ingress, self._guard = report, ingress, guard
        self.root_path = ingress.root_path
        self._tags: list[tuple[list[str], str]] = []
        self.open_connections = OpenConnections(ingress)
        """For the server, which counts connections first."""

    # --- Routes ---------------------------------------------------------------------------------

    def add(self, *parts: Routes) -> None:
        """Add routes to the application, in one flat list: nested routers match twice.

        Raises UnusableRoute for a route that would never be reached, and CompositionError for what
        OpenAPI cannot describe: two operations of one name, or a tag with two descriptions.
        """
        for part in parts:
            if isinstance(part, ApiRouter):
                self._tags.append((part.tags, part.description))
            for route in part.routes_for(self):
                self._refuse_overlap(route)
                route.bind(self._guard, self)
                self.router.routes.append(route)
        self.openapi_tags = described_tags(self._tags)
        refuse_operations_of_one_name(self.routes)
        self.openapi_schema = None

    def mount_router(self, router: APIRouter, *, access: Access, **options: Any) -> None:
        """Add a router of FastAPI; `options` are those of `MountedRouter`."""
        self.add(MountedRouter(router, access=access, **options))

    def mount(
        self,
        path: str,
        app: ASGIApp,
        name: str | None = None,
        *,
        access: Access | None = None,
        **options: Any,
    ) -> None:
        """Add an application below a path; `options` are those of `MountedApp`."""
        if access is None:
            message = f"{path}: name its access policy, such as mount({path!r}, app, access=PUBLIC)"
            raise UnusableRoute(message)
        self.add(MountedApp(path, app, access=access, name=name, **options))

    def websocket(  # type: ignore[override]  # FastAPI's is a decorator, which names no policy
        self,
        path: str,
        endpoint: Callable[..., Any] | None = None,
        *,
        access: Access | None = None,
        **options: Any,
    ) -> None:
        """Add a WebSocket; `options` are those of `MountedWebSocket`."""
        if endpoint is None or access is None:
            message = f"{path}: name its access policy: websocket({path!r}, endpoint, access=…)"
            raise UnusableRoute(message)
        self.add(MountedWebSocket(path, endpoint, access=access, **options))

    def takes_websocket_at(self, path: str) -> bool:
        """Return whether a WebSocket may be opened there.

        The proxy may have taken the root path away, or have left it.
        """
        scopes = [
            {"type": "websocket", "path": each}
            for each in {path, path.removeprefix(self.root_path)}
        ]
        return any(
            isinstance(route, GuardedRoute) and route.matches(scope)[0] is Match.FULL
            for route in self.routes
            for scope in scopes
        )

    def refuse_routes_without_access(self) -> None:
        """Raise if any route names no access policy: no route may be open by accident."""
        foreign = [route for route in self.routes if not isinstance(route, Guarded)]
        paths = [context.path or "?" for context in iter_route_contexts(foreign)]
        if getattr(self.router, "_low_priority_routes", None):
            paths.append("what frontend() serves")
        if paths:
            message = (
                f"routes without an access policy: {', '.join(paths)}; add them with "
                "mount_router(router, access=…), mount(path, app, access=…) or an ApiRouter"
            )
            raise UnusableRoute(message)

    def _refuse_overlap(self, new: Guarded) -> None:
        for old in self.routes:
            if isinstance(old, Guarded) and (overlap := _overlap(old, new)):
                raise UnusableRoute(overlap)

    # --- What FastAPI asks of us ----------------------------------------------------------------

    def build_middleware_stack(self) -> ASGIApp:
        self.refuse_routes_without_access()
        tell = partial(tell_of_defect, report=self._report)
        dispatch = Dispatch(self.router)
        app = handling(dispatch, self.exception_handlers, tell_of_defect=tell)
        if self.user_middleware:
            app = ForeseenErrors(app, self._ingress)
            for middleware in reversed(self.user_middleware):
                app = middleware.cls(app, *middleware.args, **middleware.kwargs)
        websockets = WebSocketBoundary(app, report=self._report, ingress=self._ingress)
        limits = [route.body_limit for route in self.routes if isinstance(route, Guarded)]
        boundary = RequestBoundary(
            app,
            report=self._report,
            ingress=self._ingress,
            others=websockets,
            body_limit=max([MAX_BODY_BYTES, *limits]),
        )
        admitting = Shedding(boundary, self._ingress, dispatch.importance_of)
        if not self.root_path:
            return admitting
        return BelowRootPath(admitting, self.root_path, self._addresses())

    def _addresses(self) -> re.Pattern[str]:
        """Return the pattern of the paths of all routes that do not take any first segment."""
        return addresses_of(
            route.path_regex.pattern
            for route in self.routes
            if isinstance(route, Guarded) and route.path != "/" and not route.path.startswith("/{")
        )

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            with described_as_written():
                document = get_openapi(
                    title=self.title,
                    version=self.version,
                    description=self.description,
                    routes=self.routes,
                    tags=self.openapi_tags,
                    servers=self.servers or [{"url": self.root_path or "/"}],
                )
            self.openapi_schema = finished(
                document, root_path=self.root_path, partial=_partial_answers(self.routes)
            )
        return self.openapi_schema


def _partial_answers(routes: Sequence[BaseRoute]) -> set[str]:
    """Return the ids of the operations whose answers may leave fields out."""
    return {
        str(context.operation_id or context.unique_id)
        for context in iter_route_contexts(routes)
        if isinstance(context.original_route, APIRoute) and leaves_fields_out(context)
    }


def _overlap(old: Guarded, new: Guarded) -> str | None:
    """Return why the two routes conflict; None if each of them can be reached."""
    was, comes = (_PARAMETER.sub("{}", route.path) for route in (old, new))
    if old.is_mount and _lies_below(comes, was):
        return f"{new.path} is never reached: mount {old.path} after it"
    if new.is_mount and new.path != "/" and _lies_below(was, comes):
        return f"nothing can be mounted at {new.path}: {old.path} exists already; use another path"
    if was == comes and (shared := old.methods_served & new.methods_served):
        methods = ", ".join(sorted(shared))
        return f"{methods} {new.path} exists twice, and the second is never reached: remove one"
    return None


def _lies_below(path: str, mount: str) -> bool:
    return f"{path}/".startswith(f"{mount.rstrip('/')}/")
