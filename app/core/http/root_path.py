"""The path below which a proxy shows the service: that of PUBLIC_URL, such as `/shop`."""

import re
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

_NAME: Final = re.compile(r"\?P<\w+>")


def route_path(scope: Scope) -> str:
    """Return the path as routes know it, without the root path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def addresses_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Join the patterns of paths to one; `rN` is the group of the N-th."""
    named = (f"(?P<r{n}>{_NAME.sub('?:', pattern)})" for n, pattern in enumerate(patterns))
    return re.compile("|".join(named))


class BelowRootPath:
    """Makes each path begin with the root path once, as ASGI requires and as the client sent it.

    Some proxies remove it before they pass a request on, and some do not. If a path matches one of
    our addresses as it is, the proxy removed the root path. So a root path like `/api` works too.
    """

    def __init__(self, app: ASGIApp, root_path: str, addresses: re.Pattern[str]) -> None:
        self._app, self._root_path, self._addresses = app, root_path, addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            scope["root_path"] = self._root_path
            if not self._is_complete(scope["path"]):
                scope["path"] = self._root_path + scope["path"]
                scope["raw_path"] = self._root_path.encode() + (scope.get("raw_path") or b"")
        await self._app(scope, receive, send)

    def _is_complete(self, path: str) -> bool:
        is_below = f"{path}/".startswith(f"{self._root_path}/")
        return is_below and self._addresses.match(path) is None
