"""CORS (the Fetch standard): which pages of other origins may use the API from a browser."""

from collections.abc import Collection, Sequence
from typing import Final

from starlette.types import Scope, Send

Headers = list[tuple[bytes, bytes]]

PREFLIGHT: Final = "service.preflight"
"""The key in a scope of the method that a preflight asks for."""

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
    """A list of exact origins without wildcards, so requests may carry cookies."""

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
        """Return the headers to add to the answer; note in the scope what a preflight asks for."""
        headers = self._of_welcome.get(request.get(b"origin"))
        if headers is None:
            return [_VARY]  # for caches: an allowed origin gets another answer
        if scope["method"] == "OPTIONS" and (
            asked := request.get(b"access-control-request-method")
        ):
            scope[PREFLIGHT] = asked.decode("latin-1")
        return headers


async def answer_preflight(send: Send, methods: Collection[str]) -> None:
    """Answer which methods and headers an address accepts."""
    allowed = (b"access-control-allow-methods", ", ".join(methods).encode())
    headers = [allowed, _ACCEPTED, _KEPT]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
