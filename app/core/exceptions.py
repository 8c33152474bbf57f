"""The errors of the service: a stable code and a sentence each, and no word of HTTP.

A module derives its own from the kinds below (`class InvoiceAlreadySent(Conflict)`);
`core/http/problems.py` says which status each kind becomes.
"""

from collections.abc import Iterator
from typing import Any, ClassVar


class AppError(Exception):
    """An error that the caller is told about. `code` never changes once published."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "Something went wrong."
    oauth_name: str | None = None
    """What RFC 6749 calls it, where a token endpoint refuses (`core/http/token_route.py`)."""

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.message
        super().__init__(self.detail)

    @classmethod
    def all_kinds(cls) -> Iterator[type["AppError"]]:
        """Walk this class and everything derived from it."""
        yield cls
        for kind in cls.__subclasses__():
            yield from kind.all_kinds()


class CompositionError(ValueError):
    """The service can't start: what its modules bring does not fit together.

    Each line is one sentence, which says where it is, what is wrong and how to mend it.
    """


class Malformed(AppError):
    """The request can't be read at all."""

    code = "malformed_request"
    message = "The request could not be read."


class InvalidHost(Malformed):
    """Which service was meant can't be told."""

    code = "invalid_host"
    message = "Send exactly one Host header, with a name or an address and perhaps a port."


class DuplicateHeader(Malformed):
    """A header came twice of which only one can count: two readers could take different ones."""

    code = "duplicate_header"
    message = "The request has a header twice that may be there once."


class PathMisspelled(Malformed):
    """A path that two readers could take for two addresses (RFC 3986, section 6.2.2)."""

    code = "path_misspelled"
    message = "The path escapes a letter, a digit, one of -._~ or a slash, or is not UTF-8."


class Unauthenticated(AppError):
    """Nobody is who the request says it comes from."""

    code = "unauthenticated"
    message = "Sign in first: send a valid access token as 'Authorization: Bearer <token>'."


class Forbidden(AppError):
    """The caller is known, and may not do this."""

    code = "forbidden"
    message = "You are not allowed to do this."


class SessionRequired(Forbidden):
    """What decides over the account itself asks for its owner, not for a program of theirs."""

    code = "session_required"
    message = "Only somebody who signed in may do this; an API key may not."


class CrossOrigin(Forbidden):
    """A browser sent it for a page that is not ours, perhaps without its user's knowing."""

    code = "cross_origin"
    message = "With a cookie, send this from a page of this service's own origin (see Origin)."


class NotFound(AppError):
    """It does not exist, or the caller may not know that it does."""

    code = "not_found"
    message = "There is nothing here."


class MethodNotAllowed(AppError):
    """The address exists, the method on it does not."""

    code = "method_not_allowed"
    message = "This address does not take that method; see the Allow header."

    def __init__(self, allowed: list[str]) -> None:
        self.allowed = allowed
        super().__init__()


class MethodNotImplemented(AppError):
    """No address at all takes the method."""

    code = "method_not_implemented"
    message = "This service knows no such method."


class TransferCodingNotImplemented(AppError):
    """The body comes in a coding that nobody asked for."""

    code = "transfer_coding_not_implemented"
    message = "Send the body as it is or chunked; this service knows no other transfer coding."


class RequestTimeout(AppError):
    """The client takes longer to send its request than anybody waits."""

    code = "request_timeout"
    message = "The request did not arrive in time; send it again, whole."


class Conflict(AppError):
    """The state of things forbids it; another state might not."""

    code = "conflict"
    message = "The request conflicts with the current state."


class ConcurrentUpdate(Conflict):
    """Somebody else changed the same thing between our read and our write."""

    code = "concurrent_update"
    message = "It was changed by somebody else at the same moment; read it again and repeat."


class QuotaExceeded(Conflict):
    """An account has as much of something as it may have, or did it as often as it may.

    `quota` is the stable name of what is bounded, such as `invoices`; `limit` is its bound.
    """

    code = "quota_exceeded"
    message = "Your account has as much of this as an account may have; see quota and limit."

    def __init__(self, quota: str = "", limit: int = 0, detail: str | None = None) -> None:
        self.quota, self.limit = quota, limit
        super().__init__(detail)


class StaleVersion(AppError):
    """The caller's version is not the current one."""

    code = "stale_version"
    message = "It was changed since you read it: get it again and send its new ETag in If-Match."


class VersionRequired(AppError):
    """A write of an existing thing must say which version it saw."""

    code = "version_required"
    message = "Send the ETag that you last read as If-Match, so that no change is lost."


class PayloadTooLarge(AppError):
    """The body is longer than its address takes."""

    code = "payload_too_large"
    message = "The body is larger than this address takes."

    def __init__(self, most: int = 0) -> None:
        told = f"The body is larger than {most // 1024} KiB, the most that this address takes."
        super().__init__(told if most else None)


class UriTooLong(AppError):
    """The address is longer than this service reads."""

    code = "uri_too_long"
    message = "The address is longer than 8 KiB."


class HeadersTooLarge(AppError):
    """There are more headers than this service reads."""

    code = "headers_too_large"
    message = "The headers are more than 16 KiB in all, or more than 100."


class MisdirectedRequest(AppError):
    """The request was meant for a host that this service is not."""

    code = "misdirected_request"
    message = "This service does not answer for that host."


class UnsupportedMediaType(AppError):
    """The body is not in a format that this address takes."""

    code = "unsupported_media_type"
    message = "Send the body in the content type that this address documents."


class UnsupportedContentCoding(UnsupportedMediaType):
    """The body is compressed."""

    code = "unsupported_content_coding"
    message = "Send the body as it is, without a Content-Encoding."


class Unavailable(AppError):
    """Something this service depends on is away; the same request may succeed later."""

    code = "unavailable"
    message = "The service can't do this right now; try again in a moment."
    retry_after_seconds: ClassVar[int] = 1


class Overloaded(Unavailable):
    """More work is waiting than can be done in time."""

    code = "overloaded"
    message = "Too much is going on; try again in a moment."


class InternalError(AppError):
    """A defect of the service. The caller learns nothing but the request's id."""

    code = "internal_error"
    message = "An unexpected error happened; it was logged under this request's id."


class Invalid(AppError):
    """Well-formed, but one or more values are not acceptable.

    `Invalid("title", "1 to 200 characters")` is about one field of the body; several problems
    at once come as a list of `{"pointer" | "parameter", "code", "detail"}`.
    """

    code = "invalid"
    message = "Some values are not acceptable; see errors."

    def __init__(
        self,
        field: str = "",
        rule: str = "",
        *,
        code: str = "invalid",
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        one = {"pointer": f"/{field}", "code": code, "detail": rule}
        self.errors = [one] if errors is None else errors
        super().__init__()
