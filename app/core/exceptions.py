"""The errors of the service: each has a stable code and a sentence, and knows nothing of HTTP.

A module derives its own errors from the kinds below (`class InvoiceAlreadySent(Conflict)`);
`core/http/problems.py` says which status each kind becomes.
"""

from collections.abc import Iterator
from typing import Any, ClassVar


class AppError(Exception):
    """An error that the client sees. `code` never changes once published."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "Something went wrong."
    oauth_name: str | None = None
    """The error code of RFC 6749 in answers of the token endpoint (`core/http/token_route.py`)."""

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.message
        super().__init__(self.detail)

    @classmethod
    def all_kinds(cls) -> Iterator[type["AppError"]]:
        """Return this class and all classes derived from it."""
        yield cls
        for kind in cls.__subclasses__():
            yield from kind.all_kinds()


class CompositionError(ValueError):
    """The service cannot start, because its modules do not fit together.

    Each line is one sentence that says where the problem is, what is wrong and how to mend it.
    """


class Malformed(AppError):
    """The request cannot be parsed."""

    code = "malformed_request"
    message = "The request could not be read."


class InvalidHost(Malformed):
    """The request does not say which host it is for."""

    code = "invalid_host"
    message = "Send exactly one Host header, with a name or an address and an optional port."


class DuplicateHeader(Malformed):
    """A header that may occur once is repeated: two readers could use different values."""

    code = "duplicate_header"
    message = "The request repeats a header that may occur only once."


class PathMisspelled(Malformed):
    """The path has several spellings, so two readers could differ (RFC 3986, section 6.2.2)."""

    code = "path_misspelled"
    message = "The path percent-encodes a letter, a digit, one of -._~ or a slash, or is not UTF-8."


class Unauthenticated(AppError):
    """The request has no valid credential."""

    code = "unauthenticated"
    message = "Sign in first: send a valid access token as 'Authorization: Bearer <token>'."


class Forbidden(AppError):
    """The caller is known and may not do this."""

    code = "forbidden"
    message = "You are not allowed to do this."


class SessionRequired(Forbidden):
    """Decisions about an account require a signed-in user; an API key is not enough."""

    code = "session_required"
    message = "This requires a signed-in user; an API key is not enough."


class CrossOrigin(Forbidden):
    """A browser sent the request from another site's page, perhaps without its user's knowledge."""

    code = "cross_origin"
    message = "With a cookie, send this from a page of this service's own origin (see Origin)."


class NotFound(AppError):
    """The object does not exist, or the caller may not know that it does."""

    code = "not_found"
    message = "Nothing exists at this address."


class MethodNotAllowed(AppError):
    """The address exists, and does not support the method."""

    code = "method_not_allowed"
    message = "This address does not support the method; see the Allow header."

    def __init__(self, allowed: list[str]) -> None:
        self.allowed = allowed
        super().__init__()


class MethodNotImplemented(AppError):
    """No address supports the method."""

    code = "method_not_implemented"
    message = "This service does not support the method."


class TransferCodingNotImplemented(AppError):
    """The body has a transfer coding that the service does not support."""

    code = "transfer_coding_not_implemented"
    message = "Send the body without a transfer coding or chunked; others are not supported."


class RequestTimeout(AppError):
    """The client took too long to send its request."""

    code = "request_timeout"
    message = "The request did not arrive in time; send it again completely."


class Conflict(AppError):
    """The current state forbids the request; in another state it may succeed."""

    code = "conflict"
    message = "The request conflicts with the current state."


class ConcurrentUpdate(Conflict):
    """Another transaction changed the object between our read and our write."""

    code = "concurrent_update"
    message = "Another request changed it at the same moment; read it again and repeat."


class QuotaExceeded(Conflict):
    """The account has reached a quota: a number of objects, or how often it may do something.

    `quota` is the stable name of what is limited, such as `invoices`; `limit` is its value.
    """

    code = "quota_exceeded"
    message = "Your account has reached a quota; see quota and limit."

    def __init__(self, quota: str = "", limit: int = 0, detail: str | None = None) -> None:
        self.quota, self.limit = quota, limit
        super().__init__(detail)


class StaleVersion(AppError):
    """The client's version is not the current one."""

    code = "stale_version"
    message = "It was changed since you read it: get it again and send its new ETag in If-Match."


class VersionRequired(AppError):
    """A change of an existing object must name the version that the client read."""

    code = "version_required"
    message = "Send the ETag that you last read in If-Match, so that no change is lost."


class PayloadTooLarge(AppError):
    """The body is longer than its route allows."""

    code = "payload_too_large"
    message = "The body is larger than this address allows."

    def __init__(self, most: int = 0) -> None:
        told = f"The body is larger than {most // 1024} KiB, which is the limit of this address."
        super().__init__(told if most else None)


class UriTooLong(AppError):
    """The URL is longer than the service allows."""

    code = "uri_too_long"
    message = "The address is longer than 8 KiB."


class HeadersTooLarge(AppError):
    """The request has more headers than the service allows."""

    code = "headers_too_large"
    message = "The headers have more than 16 KiB in total, or are more than 100."


class MisdirectedRequest(AppError):
    """The request is for a host that this service does not serve."""

    code = "misdirected_request"
    message = "This service does not answer for that host."


class UnsupportedMediaType(AppError):
    """The route does not support the body's content type."""

    code = "unsupported_media_type"
    message = "Send the body in the content type that this address documents."


class UnsupportedContentCoding(UnsupportedMediaType):
    """The body is compressed."""

    code = "unsupported_content_coding"
    message = "Send the body uncompressed, without a Content-Encoding."


class Unavailable(AppError):
    """Something that the service depends on is unavailable; the same request may succeed later."""

    code = "unavailable"
    message = "The service cannot do this right now; try again in a moment."
    retry_after_seconds: ClassVar[int] = 1


class Overloaded(Unavailable):
    """More work is waiting than can be done in time."""

    code = "overloaded"
    message = "The service is too busy right now; try again in a moment."


class InternalError(AppError):
    """A defect of the service. The client learns only the request's id."""

    code = "internal_error"
    message = "An unexpected error happened; it was logged under this request's id."


class Invalid(AppError):
    """The request is well-formed, but one or more values are invalid.

    `Invalid("title", "1 to 200 characters")` is about one field of the body. Several problems
    are a list of `{"pointer" | "parameter", "code", "detail"}`.
    """

    code = "invalid"
    message = "Some values are invalid; see errors."

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
