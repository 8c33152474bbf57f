"""An endpoint that FastAPI calls, with as many rules of a plan as possible.

FastAPI's conversions (`"12"` for a number) and what a model of the endpoint allows stay as they
are. An endpoint that takes the whole `Request` may read any parameter, so none is unknown.
"""

import re
from typing import Final

from fastapi import params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http import strict_json
from app.core.http.bodies import read_whole
from app.core.http.encoded_fields import is_list, pairs_of, refuse_others
from app.core.http.parameters import OUR_DEPENDENCIES

_JSON: Final = re.compile(rb"application/([\w.-]+\+)?json\s*(;.*)?", re.IGNORECASE)


class StrictByFastApi:
    """Checks what does not depend on the endpoint; then FastAPI reads the request."""

    def __init__(self, app: ASGIApp, route: APIRoute, *, most_values: int) -> None:
        self._app, self._most_values = app, most_values
        fields = get_flat_params(route.dependant)
        self._names = frozenset(field.alias for field in fields)
        self._lists = frozenset(f.alias for f in fields if is_list(f.field_info.annotation))
        self._may_read_any = _takes_request(route.dependant)
        body = route.body_field.field_info if route.body_field is not None else None
        self._takes_json = body is not None and not isinstance(body, params.Form)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"] and not self._may_read_any:
            refuse_others(pairs_of(scope["query_string"]), self._names, self._lists)
        if self._takes_json and _JSON.fullmatch(dict(scope["headers"]).get(b"content-type", b"")):
            receive = await self._checked(receive)
        await self._app(scope, receive, send)

    async def _checked(self, receive: Receive) -> Receive:
        body = await read_whole(receive)
        if body:  # FastAPI knows whether a body is required
            strict_json.decode(body, most_values=self._most_values)
        parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return parts.pop() if parts else await receive()

        return again


def _takes_request(dependant: Dependant) -> bool:
    """Return whether the endpoint, or a dependency that is not ours, gets the whole request."""
    is_ours = dependant.call in OUR_DEPENDENCIES
    takes = dependant.request_param_name or dependant.http_connection_param_name
    return bool(takes and not is_ours) or any(map(_takes_request, dependant.dependencies))
