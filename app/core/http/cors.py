"""CORS (the Fetch standard): which pages of other origins may use the API from a browser."""

from collections.abc import Collection, Sequence
from typing import Final

from starlette.types import Scope, Send

Headers = list[tuple[bytes, bytes]]

PREFLIGHT: Final = "alicerce.preflight"
"""In a request's scope: the method that a welcome page asks for before it uses it."""

_VARY: Final = (b"vary", b"origin")
_EXPOSED: Final = (
    b"access-control-expose-headers",
    b"ETag, Location, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After",
)
_ACCEPTED: Final = (
    b"access-control-allow-headers",
    b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID",
)
_KEPT: Final = (b"access-control-max-age", b"600")


class Cors:
    """Exact origins, and nothing that stands for several: so cookies may come along."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._of_welcome: dict[bytes | None, Headers] = {
            origin.encode(): [
                _VARY,
                (b"access-control-allow-origin", origin.encode()),
                (b"access-control-allow-credentials", b"true"),
                _EXPOSED,
            ]
            for origin in origins
        }

    def headers_for(self, scope: Scope, request: dict[bytes, bytes]) -> Headers:
        """Return what is added to the answer; note in the scope what a preflight asks for."""
        headers = self._of_welcome.get(request.get(b"origin"))
        if headers is None:
            return [_VARY]  # for caches: the answer to a welcome page would be another
        if scope["method"] == "OPTIONS" and (
            asked := request.get(b"access-control-request-method")
        ):
            scope[PREFLIGHT] = asked.decode("latin-1")
        return headers


async def answer_preflight(send: Send, methods: Collection[str]) -> None:
    """Say which methods an address takes, and which headers may come with them."""
    allowed = (b"access-control-allow-methods", ", ".join(methods).encode())
    headers = [allowed, _ACCEPTED, _KEPT]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
