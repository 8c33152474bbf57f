"""Finds the route of a request at once, where a router tries one after the other."""

from fastapi import APIRouter
from starlette.types import Receive, Scope, Send

from app.core.admission import Importance
from app.core.http.root_path import addresses_of, route_path
from app.core.http.routing import ApiRoute


class Dispatch:
    """Finds the route that the router would find after trying all those before it.

    All addresses of a method are one regular expression, in the order of their routes. What it does
    not find, such as another method or an unknown address, is left to the router.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        routes = [route for route in router.routes if isinstance(route, ApiRoute)]
        methods = {method for route in routes for method in route.methods_served}
        self._routes = {
            method: [route for route in routes if method in route.methods_served]
            for method in methods
        }
        self._addresses = {
            method: addresses_of(route.path_regex.pattern for route in routes)
            for method, routes in self._routes.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._find(scope)
        if route is None:
            await self._router(scope, receive, send)
            return
        scope["router"] = self._router
        scope.update(route.matches(scope)[1])
        await route.handle(scope, receive, send)

    def importance_of(self, scope: Scope) -> Importance:
        """Return how important a request is, before anything else of it is looked at."""
        route = self._find(scope)
        return Importance.NORMAL if route is None else route.importance

    def _find(self, scope: Scope) -> ApiRoute | None:
        method = scope.get("method", "")
        addresses = self._addresses.get(method)
        # FastAPI's router puts its route into the scope, for tracing.
        if addresses is None or "fastapi.telemetry" in scope:
            return None
        found = addresses.match(route_path(scope) if scope.get("root_path") else scope["path"])
        return self._routes[method][int((found.lastgroup or "")[1:])] if found else None
