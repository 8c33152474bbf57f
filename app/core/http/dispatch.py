"""Finding the route of a request at once, where a router tries one after the other."""

import re
from typing import Final

from fastapi import APIRouter
from starlette.types import Receive, Scope, Send

from app.core.http.routing import ApiRoute

_NAME: Final = re.compile(r"\?P<\w+>")


class Dispatch:
    """Goes straight to the route that the router would come to after all those before it.

    All addresses of a method are one regular expression, in the order of their routes. What it does
    not find, such as another method or nobody's address, is left to the router.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._routes = [route for route in router.routes if isinstance(route, ApiRoute)]
        methods = {method for route in self._routes for method in route.methods_served}
        self._addresses = {method: self._addresses_of(method) for method in methods}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._find(scope)
        if route is None:
            await self._router(scope, receive, send)
            return
        scope["router"] = self._router
        scope.update(route.matches(scope)[1])
        await route.handle(scope, receive, send)

    def _find(self, scope: Scope) -> ApiRoute | None:
        addresses = self._addresses.get(scope.get("method", ""))
        # FastAPI's router tells a trace which route it took, and knows of a path before ours.
        if addresses is None or scope.get("root_path") or "fastapi.telemetry" in scope:
            return None
        found = addresses.match(scope["path"])
        return self._routes[int((found.lastgroup or "")[1:])] if found else None

    def _addresses_of(self, method: str) -> re.Pattern[str]:
        return re.compile(
            "|".join(
                f"(?P<r{number}>{_NAME.sub('?:', route.path_regex.pattern)})"
                for number, route in enumerate(self._routes)
                if method in route.methods_served
            )
        )
