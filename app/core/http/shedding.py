"""The answer to a request that is refused because of overload, before anything else is done."""

import random
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, Final, get_origin

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.admission import Admission, Importance
from app.core.exceptions import Overloaded
from app.core.http.bodies import ADMITTED, ARRIVED, GONE, announces_body
from app.core.http.cors import Cors
from app.core.http.ingress_policy import IngressPolicy
from app.core.http.metrics import observe_request
from app.core.http.problems import MEDIA_TYPE, instance_of, status_of, written_problem
from app.core.middleware import (
    DEFAULT_HEADERS,
    SECURITY_HEADERS,
    request_id_of,
    transport_security,
)
from app.core.security import Access

ImportanceOf = Callable[[Scope], Importance]

STATUS: Final = status_of(Overloaded)
_MARK: Final = "00000000-0000-0000-0000-000000000000"
# Clients that were refused together should not come back together.
_RETRY_AFTER: Final = [(b"retry-after", b"%d" % seconds) for seconds in (1, 2, 3)]
_CLOSE: Final = (b"connection", b"close")


class Shedding:
    """Refuses a request with few steps: its answer is written once, but for the id."""

    def __init__(self, app: ASGIApp, ingress: IngressPolicy, importance_of: ImportanceOf) -> None:
        self._app, self._importance_of = app, importance_of
        self._admission = ingress.admission or Admission()
        self._cors = Cors(ingress.cors_origins) if ingress.cors_origins else None
        body = written_problem(Overloaded(), STATUS, _MARK, ingress.root_path)
        self._before, _, self._after = body.partition(f"urn:uuid:{_MARK}".encode())
        own = [*SECURITY_HEADERS, *transport_security(ingress), *DEFAULT_HEADERS.items()]
        self._headers = [(b"content-type", MEDIA_TYPE.encode()), *own]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        admission = self._admission
        if admission.in_flight >= admission.least_cap:
            importance = self._importance_of(scope)
            if admission.refuses(importance):
                await self._refuse(scope, send)
                return
            if importance is Importance.CRITICAL:
                scope[GONE] = None  # so it may wait longer for a connection than others
        admission.in_flight += 1
        scope[ADMITTED] = admission
        try:
            if await self._has_turn(scope):
                await self._app(scope, receive, send)
            else:
                await self._refuse(scope, send)
        finally:
            if scope.pop(ADMITTED, None) is not None:
                admission.in_flight -= 1

    async def _has_turn(self, scope: Scope) -> bool:
        """Wait until the request may begin; return whether it may, or is refused after all."""
        if self._admission.begins_now():
            return True
        importance = self._importance_of(scope)
        if importance is Importance.CRITICAL:
            return True
        return await self._admission.turn(importance, scope.get(GONE, bool))

    async def _refuse(self, scope: Scope, send: Send) -> None:
        sent: dict[bytes, bytes] = dict(scope["headers"])
        request_id = request_id_of(sent.get(b"x-request-id"))
        body = b"%b%b%b" % (self._before, instance_of(request_id).encode(), self._after)
        headers = [
            *self._headers,
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            random.choice(_RETRY_AFTER),  # noqa: S311 - not for secrets
        ]
        if self._cors is not None:
            headers += self._cors.headers_for(scope, sent)
        if announces_body(sent) and ARRIVED not in scope:
            headers.append(_CLOSE)  # nobody reads the rest
        await send({"type": "http.response.start", "status": STATUS, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        observe_request(scope, STATUS, 0.0)


def usual_importance(access: Access, answer: Any) -> Importance:
    """Return how important a route is that does not say it: lists and public ones are less."""
    kind = get_origin(answer) or answer
    is_list = kind is list or (is_dataclass(kind) and "items" in {f.name for f in fields(kind)})
    return Importance.SHEDDABLE if is_list or access.is_public else Importance.NORMAL
