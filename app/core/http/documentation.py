"""The OpenAPI description of a route, derived from its definition."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.core import exceptions
from app.core.exceptions import AppError, CompositionError, QuotaExceeded, Unauthenticated
from app.core.http.bodies import KIB
from app.core.http.header_parameters import KEY_PARAMETER
from app.core.http.parameters import Plan
from app.core.http.problems import header_names_of, problem_response, status_of
from app.core.http.response_headers import referenced
from app.core.http.route_guard import RoutePolicy
from app.core.idempotency import IdempotencyInProgress, IdempotencyKeyReused
from app.core.limits import TooManyRequests

Responses = dict[int | str, dict[str, Any]]

NOT_MODIFIED: Final = 304


def described_tags(routers: Iterable[tuple[Sequence[str], str]]) -> list[dict[str, str]]:
    """Return the `tags` of the document. Raises CompositionError for one with two descriptions."""
    found: dict[str, str] = {}
    for tags, description in routers:
        for tag in tags if description else ():
            if found.setdefault(tag, description) != description:
                message = f"the tag '{tag}' has two descriptions: give it to one ApiRouter alone"
                raise CompositionError(message)
    return [{"name": tag, "description": description} for tag, description in found.items()]


def refuse_operations_of_one_name(routes: Iterable[BaseRoute]) -> None:
    """Raise CompositionError if two operations have one id: clients name functions by it."""
    found: dict[str, APIRoute] = {}
    for route in routes:
        if isinstance(route, APIRoute) and route.operation_id is not None:
            other = found.setdefault(route.operation_id, route)
            if other is not route:
                message = (
                    f"two operations are called {route.operation_id}: {_line(other)} and "
                    f"{_line(route)}; rename the endpoint of one, or give it operation_id="
                )
                raise CompositionError(message)


def _line(route: APIRoute) -> str:
    return f"{'/'.join(route.methods or ())} {route.path}"


def summary_of(endpoint: Callable[..., Any]) -> str:
    """Return the first line of the endpoint's docstring: what the operation does, as a title."""
    return (inspect.getdoc(endpoint) or "").partition("\n")[0].removesuffix(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """What OpenAPI says about a route."""

    policy: RoutePolicy
    plan: Plan | None
    raises: Sequence[type[AppError]]
    status: int
    is_safe: bool
    """The route changes nothing."""
    has_etag: bool
    has_location: bool
    takes_key: bool
    body_limit: int
    sends: Sequence[str]
    """The headers that the endpoint may add to its answer."""

    def responses(self) -> Responses:
        """Describe each status of the route's answers, with their headers."""
        found: Responses = {self.status: {"headers": referenced(*self._headers_of_success())}}
        if self.has_etag and self.is_safe:
            unchanged = "Unchanged since the ETag in If-None-Match."
            headers = referenced("ETag", *self._headers_of_all())
            found[NOT_MODIFIED] = {"description": unchanged, "headers": headers}
        by_status: dict[int, list[type[AppError]]] = {}
        for kind in dict.fromkeys(self._problems()):
            by_status.setdefault(status_of(kind), []).append(kind)
        for status, kinds in sorted(by_status.items()):
            own = [name for kind in kinds for name in header_names_of(kind)]
            headers = referenced(*own, *self._headers_of_all())
            found[status] = {**problem_response(*kinds), "headers": headers}
        return found

    def extra(self) -> dict[str, Any]:
        """Return what FastAPI cannot know: who may call the route, and how long a body may be."""
        extra: dict[str, Any] = {"security": self._security()}
        if self.plan is not None and self.plan.media_types:
            extra["requestBody"] = {"description": f"At most {self.body_limit // KIB} KiB."}
        if self.takes_key:
            extra["parameters"] = [KEY_PARAMETER]
        return extra

    def _security(self) -> list[dict[str, list[str]]]:
        """Return the ways to authenticate; a public route has none."""
        access = self.policy.access
        if access.is_public:
            return []
        ways = ["password", "cookie", *(["key"] if access.permission else [])]
        return [{way: []} for way in ways]

    def _headers_of_success(self) -> list[str]:
        etag = ["ETag"] if self.has_etag else []
        location = ["Location"] if self.has_location else []
        return [*etag, *location, *self.sends, *self._headers_of_all()]

    def _headers_of_all(self) -> list[str]:
        counted = ["RateLimit", "RateLimit-Policy"] if self.policy.is_counted else []
        return ["X-Request-ID", *counted]

    def _problems(self) -> list[type[AppError]]:
        access = self.policy.access
        kinds: list[type[AppError]] = [*self.raises, exceptions.Unavailable, exceptions.Invalid]
        if not access.is_public:
            kinds += [Unauthenticated, *self._refusals()]
        if access.own_origin:
            kinds.append(exceptions.CrossOrigin)
        if self.policy.may_be_too_often:
            kinds.append(TooManyRequests)
        if self.plan is not None:
            kinds += _problems_of(self.plan)
        if self.takes_key:
            kinds += [IdempotencyInProgress, IdempotencyKeyReused, QuotaExceeded]
        return kinds

    def _refusals(self) -> list[type[AppError]]:
        permission = self.policy.access.permission
        lacking = exceptions.Forbidden if permission else exceptions.SessionRequired
        return [lacking] if self.is_safe else [lacking, exceptions.CrossOrigin]


def _problems_of(plan: Plan) -> list[type[AppError]]:
    kinds: list[type[AppError]] = [exceptions.Malformed]
    if plan.takes_query:
        kinds.append(exceptions.UriTooLong)
    if plan.media_types:
        kinds += [exceptions.RequestTimeout, exceptions.PayloadTooLarge]
        kinds += [exceptions.UnsupportedMediaType, exceptions.UnsupportedContentCoding]
    if plan.takes_version:
        kinds += [exceptions.StaleVersion, exceptions.VersionRequired, exceptions.ConcurrentUpdate]
    return kinds
