"""OAuth 2: what the token endpoint accepts, and how it refuses (RFC 6749)."""

import re
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

from app.core.exceptions import AppError, Invalid, Malformed, Unauthenticated


class UnsupportedGrantType(Malformed):
    """The token endpoint does not support this grant type."""

    code = "unsupported_grant_type"
    message = "Send a grant_type that this address supports."


class InvalidScope(Malformed):
    """The client asks for scopes, which tokens do not have here."""

    code = "invalid_scope"
    message = "Tokens of this service have no scopes; send no scope."


class OAuthForm(BaseModel):
    """The form of a token endpoint (RFC 6749, section 3.2).

    An empty parameter counts as missing, and an unknown parameter is ignored.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value != ""}


PRAGMA: Final = (b"pragma", b"no-cache")
"""The headers of each answer of a token endpoint (RFC 6749, section 5.1)."""

# RFC 6749, section 5.2. The first class that matches the error decides.
_NAMES: Final[tuple[tuple[type[AppError], str], ...]] = (
    (UnsupportedGrantType, "unsupported_grant_type"),
    (InvalidScope, "invalid_scope"),
    (Malformed, "invalid_request"),
    (Invalid, "invalid_request"),
    (Unauthenticated, "invalid_grant"),
)
NAMES: Final = list(dict.fromkeys(name for _, name in _NAMES))


def oauth_name(kind: type[AppError]) -> str | None:
    """Return RFC 6749's name of the error; None if it leaves the error to HTTP, such as a 429."""
    return next((name for ancestor, name in _NAMES if issubclass(kind, ancestor)), None)


def oauth_members(error: AppError, name: str) -> dict[str, str]:
    """Return the members that RFC 6749 adds to the error's answer.

    A description has only ASCII, without quotation marks and backslashes.
    """
    told = error.detail
    if isinstance(error, Invalid) and error.errors:
        first = error.errors[0]
        told = f"{first.get('parameter', 'The request')} {first['detail']}"
    return {"error": name, "error_description": re.sub(r"[^ !#-\[\]-~]", "?", told)}
