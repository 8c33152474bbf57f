"""Parameters in headers: how each is read, and its description in OpenAPI."""

import re
from typing import Annotated, Any, Final

from fastapi import Header, Request

from app.core.exceptions import Invalid, StaleVersion, VersionRequired

Headers = dict[bytes, bytes]

MAX_KEY: Final = 255
KEY_PATTERN: Final = "^[!-~]+$"

KEY_PARAMETER: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own name for this call. If you repeat it with the same key and body, "
    "it has no second effect, and you get the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": KEY_PATTERN},
}
"""For routes that read the key themselves, before their endpoint."""

# Proxies that compress an answer make its tag weak, or append the compression to it (Apache).
_ENTITY_TAG: Final = re.compile(rb'(?:W/)?"(\d{1,18})(?:-(?:gzip|br|zstd))?"')
_MOST_TAGS: Final = 20
_KEY: Final = re.compile(rb"[\x21-\x7e]{1,%d}" % MAX_KEY)


def if_match(headers: Headers) -> int | None:
    """Return the version that the caller saw, None for any. Raises if it names none."""
    sent = headers.get(b"if-match")
    if sent is None:
        raise VersionRequired
    if sent.strip() == b"*":
        return None
    tag = _ENTITY_TAG.fullmatch(sent.strip())
    if tag is None:  # not a tag of ours, so it cannot match (RFC 9110, section 13.1.1)
        raise StaleVersion
    return int(tag[1])


def is_unchanged(headers: Headers, version: int) -> bool:
    """Return whether the caller has this version, by If-None-Match (RFC 9110, section 13.1.2)."""
    sent = headers.get(b"if-none-match")
    if sent is None:
        return False
    tags = [part.strip() for part in sent.split(b",", _MOST_TAGS)[:_MOST_TAGS]]
    seen = (_ENTITY_TAG.fullmatch(tag) for tag in tags)
    return b"*" in tags or any(tag is not None and int(tag[1]) == version for tag in seen)


def idempotency_key(headers: Headers) -> str | None:
    """Return the key that identifies a repeated request. Raises Invalid."""
    sent = headers.get(b"idempotency-key")
    if sent is None:
        return None
    if not _KEY.fullmatch(sent):
        rule = f"must be 1 to {MAX_KEY} visible ASCII characters"
        problem = {"parameter": "Idempotency-Key", "code": "invalid_format", "detail": rule}
        raise Invalid(errors=[problem])
    return sent.decode("ascii")


def user_agent(headers: Headers) -> str:
    """Return the client's User-Agent."""
    return headers.get(b"user-agent", b"").decode("latin-1")


# FastAPI sees these: it documents their parameters, and calls them where it runs an endpoint.
def documented_if_match(
    request: Request,
    _sent: Annotated[
        str,
        Header(
            alias="If-Match",
            description='The ETag that you last read, such as `"3"`; `*` for any version.',
            pattern=r'^((W/)?"[0-9]{1,18}(-(gzip|br|zstd))?"|\*)$',
        ),
    ],
) -> int | None:
    return if_match(dict(request.scope["headers"]))


def documented_idempotency_key(
    request: Request,
    _sent: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="A value of your own making, new for each request and kept for repeating "
            "it, such as a UUID.",
            min_length=1,
            max_length=MAX_KEY,
            pattern=KEY_PATTERN,
        ),
    ] = None,
) -> str | None:
    return idempotency_key(dict(request.scope["headers"]))


def documented_user_agent(request: Request) -> str:
    return user_agent(dict(request.scope["headers"]))
