"""The headers of answers, as OpenAPI describes them."""

from typing import Any, Final


def _header(description: str, *, always: bool = False, **schema: Any) -> dict[str, Any]:
    described = {"type": "string", **schema}
    return {"description": description, "required": always, "schema": described}


HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Accept-Encoding": _header("With `unsupported_content_coding`: send bodies uncompressed."),
    "Clear-Site-Data": _header("Tells a browser to delete this service's data.", always=True),
    "ETag": _header(
        "The version of the answer. Send it in `If-Match` to change what you read.",
        always=True,
        pattern='^"[0-9]{1,18}"$',
        examples=['"3"'],
    ),
    "Location": _header(
        "The address of what was created.", always=True, format="uri-reference", minLength=1
    ),
    "Pragma": _header("For caches of HTTP/1.0 (RFC 6749, section 5.1).", always=True),
    "RateLimit": _header(
        "How many requests you have left (`r`), and for how many seconds (`t`). Absent if the "
        "service does not limit requests.",
        examples=['"default";r=599;t=60'],
    ),
    "RateLimit-Policy": _header(
        "How many requests you may send (`q`) in how many seconds (`w`).",
        examples=['"default";q=600;w=60'],
    ),
    "Retry-After": _header(
        "After how many seconds to send the request again. Always there with 429 and 503; with 409 "
        "only for `idempotency_in_progress`.",
        type="integer",
        minimum=1,
        examples=[1],
    ),
    "Set-Cookie": _header("For browsers: the session's cookie, or its end."),
    "WWW-Authenticate": _header("How to sign in.", always=True, examples=["Bearer"]),
    "X-Request-ID": _header(
        "The id of this request in the service's log: your own, if you sent a valid one.",
        always=True,
        pattern="^[A-Za-z0-9-]{8,64}$",
    ),
}


def referenced(*names: str) -> dict[str, Any]:
    """Return the `headers` of a response that has these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in dict.fromkeys(names)}
