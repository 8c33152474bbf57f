"""Errors as problem details (RFC 9457). One table gives each kind of error its HTTP status."""

import http
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import (
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)
from starlette.exceptions import HTTPException
from starlette.types import Send

from app.core import exceptions
from app.core.exceptions import (
    AppError,
    InternalError,
    Invalid,
    MethodNotAllowed,
    QuotaExceeded,
)
from app.core.http.oauth import PRAGMA, oauth_members
from app.core.http.schema_types import MAX_ERRORS
from app.core.http.strict_json import MalformedJson
from app.core.limits import TooManyRequests

MEDIA_TYPE = "application/problem+json"
JSON = "application/json"

# The first matching class in the error's method resolution order decides.
STATUS_OF: dict[type[AppError], int] = {
    exceptions.Malformed: 400,
    exceptions.Unauthenticated: 401,
    exceptions.Forbidden: 403,
    exceptions.NotFound: 404,
    exceptions.MethodNotAllowed: 405,
    exceptions.RequestTimeout: 408,
    exceptions.Conflict: 409,
    exceptions.StaleVersion: 412,
    exceptions.PayloadTooLarge: 413,
    exceptions.UriTooLong: 414,
    exceptions.UnsupportedMediaType: 415,
    exceptions.MisdirectedRequest: 421,
    exceptions.Invalid: 422,
    exceptions.VersionRequired: 428,
    TooManyRequests: 429,
    exceptions.HeadersTooLarge: 431,
    exceptions.InternalError: 500,
    exceptions.MethodNotImplemented: 501,
    exceptions.TransferCodingNotImplemented: 501,
    exceptions.Unavailable: 503,
}


class HttpProblem(AppError):
    """A `fastapi.HTTPException`, which has any status.

    A text as its detail becomes the document's `detail`, any other value its `data`. If one of our
    kinds has the status, the document has that kind's code and sentence. Below 400 it is no error,
    and has no body.
    """

    code = "http_error"

    def __init__(self, raised: HTTPException) -> None:
        self.status = raised.status_code
        self.headers = dict(raised.headers or {})
        self.kind = next((kind for kind, its in STATUS_OF.items() if its == self.status), None)
        is_own = isinstance(raised.detail, str) and raised.detail != _title_of(self.status)
        usual = self.kind.message if self.kind else _title_of(self.status)
        super().__init__(raised.detail if is_own else usual)
        if self.kind is not None:
            self.code = self.kind.code  # type: ignore[misc]  # of this one, not of all
        self.data = None if isinstance(raised.detail, str) else jsonable_encoder(raised.detail)


def status_of(kind: type[AppError]) -> int:
    """Return the HTTP status of a kind of error."""
    return next(STATUS_OF[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS_OF)


def as_app_error(error: Exception) -> AppError:
    """Return the error itself, its equivalent, or `InternalError` for an unexpected error."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]  # middleware with a task group raises such a group
    if isinstance(error, AppError):
        return error
    if isinstance(error, RequestValidationError | WebSocketRequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        # FastAPI wraps all errors that occur while it reads a body.
        cause = error.__cause__
        return cause if isinstance(cause, AppError) else HttpProblem(error)
    return InternalError()


def _invalid(error: ValidationException) -> AppError:
    """Say where FastAPI found an invalid value; its own words may contain the value."""
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return MalformedJson()
    return Invalid(errors=[_complaint(*each["loc"]) for each in found[:MAX_ERRORS]])


def _complaint(place: str, *path: str | int) -> dict[str, str]:
    parts = [str(part)[:64] for part in path]
    if place == "body":  # RFC 6901 escapes ~ and /
        escaped = (part.replace("~", "~0").replace("/", "~1") for part in parts)
        where = {"pointer": "".join(f"/{part}" for part in escaped)}
    else:
        where = {"parameter": ".".join(parts)}
    return {**where, "code": "invalid", "detail": "is missing or invalid"}


def http_status_of(error: Exception) -> tuple[int, str]:
    """Return the status and the code of the error's answer."""
    known = as_app_error(error)
    status = known.status if isinstance(known, HttpProblem) else status_of(type(known))
    return status, known.code


async def send_problem(
    send: Send, error: AppError, request_id: str, *, root_path: str = ""
) -> None:
    """Send the error as a problem document."""
    status, _ = http_status_of(error)
    media_type, members, headers = MEDIA_TYPE, {}, []
    if error.oauth_name is not None:
        status, media_type = int(http.HTTPStatus.BAD_REQUEST), JSON
        members, headers = oauth_members(error, error.oauth_name), [PRAGMA]
    headers = [*headers, *_headers_of(error, status)]
    body = b""
    if status >= http.HTTPStatus.BAD_REQUEST:
        body = written_problem(error, status, request_id, root_path, members)
        headers.append((b"content-type", media_type.encode()))
    if status not in {http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED}:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def problem_response(*kinds: type[AppError]) -> dict[str, Any]:
    """Describe one status of a route in OpenAPI, with its possible codes."""
    codes = ", ".join(f"`{kind.code}`" for kind in kinds)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": codes, "content": {MEDIA_TYPE: {"schema": schema}}}


def written_problem(
    error: AppError,
    status: int,
    request_id: str,
    root_path: str,
    members: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Return the problem document of an error, with further members."""
    return orjson.dumps({**members, **_document(error, status, request_id, root_path)})


def _document(error: AppError, status: int, request_id: str, root_path: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": f"{root_path}/problems/{error.code}",
        "title": _title_of(status),
        "status": status,
        "detail": error.detail,
        "instance": instance_of(request_id),
        "code": error.code,
    }
    if isinstance(error, Invalid):
        document["errors"] = error.errors
    if isinstance(error, HttpProblem):
        document |= {"data": error.data} if error.data is not None else {}
        document |= {"type": "about:blank"} if error.kind is None else {}  # RFC 9457, 4.2.1
    if isinstance(error, QuotaExceeded):
        document |= {"quota": error.quota, "limit": error.limit}
    return document


def _title_of(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:  # an unregistered status
        return "Error"


def instance_of(request_id: str) -> str:
    """Return the URI of one occurrence of a problem."""
    try:
        return UUID(request_id).urn
    except ValueError:  # a client's own token
        return f"urn:request-id:{request_id}"


def _headers_of(error: AppError, status: int) -> list[tuple[bytes, bytes]]:
    if isinstance(error, HttpProblem) and error.headers:
        named = error.headers.items()
        return [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in named]
    if status == http.HTTPStatus.UNAUTHORIZED:
        return [(b"www-authenticate", b"Bearer")]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allowed).encode())]
    if isinstance(error, exceptions.UnsupportedContentCoding):  # RFC 9110, section 15.5.16
        return [(b"accept-encoding", b"identity")]
    if (after := getattr(error, "retry_after_seconds", None)) is not None:
        return [(b"retry-after", str(after).encode())]
    return []


def header_names_of(kind: type[AppError]) -> list[str]:
    """Return the headers that an error of this kind may add."""
    if status_of(kind) == http.HTTPStatus.UNAUTHORIZED:
        return ["WWW-Authenticate"]
    if issubclass(kind, exceptions.UnsupportedContentCoding):
        return ["Accept-Encoding"]
    return ["Retry-After"] if hasattr(kind, "retry_after_seconds") else []


def documented_kinds() -> Iterator[type[AppError]]:
    """Return the kinds of errors that have a code of their own."""
    return (kind for kind in AppError.all_kinds() if kind not in {AppError, HttpProblem})


def problem_list() -> str:
    """Return `docs/api/problems.md`: every code that an answer may have."""
    kinds = {kind.code: kind for kind in documented_kinds()}
    rows = [
        f"| `{code}` | {status_of(kind)} | {kind.message} |" for code, kind in sorted(kinds.items())
    ]
    head = [
        "# Problems",
        "",
        "Every error is an `application/problem+json` document (RFC 9457). Its `code` is stable:",
        "programs may rely on it. `detail` is for people. Written by `make openapi`.",
        "",
        "| code | status | says |",
        "| --- | --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"
