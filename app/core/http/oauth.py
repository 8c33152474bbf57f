"""OAuth 2: what the token endpoint takes, and how it refuses (RFC 6749)."""

import re
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator

from app.core.exceptions import AppError, Invalid, Malformed, Unauthenticated


class UnsupportedGrantType(Malformed):
    """The token endpoint gives tokens for something else."""

    code = "unsupported_grant_type"
    message = "Send a grant_type that this address documents."


class InvalidScope(Malformed):
    """The client asks for tokens that may do less, or more, than the account."""

    code = "invalid_scope"
    message = "Tokens have no scopes here: they may do what their account may. Send no scope."


class OAuthForm(BaseModel):
    """The form of a token endpoint (RFC 6749, section 3.2).

    An empty parameter counts as none, and a parameter that the endpoint does not know is ignored.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value != ""}


PRAGMA: Final = (b"pragma", b"no-cache")
"""With every answer of a token endpoint (RFC 6749, section 5.1)."""

# RFC 6749, section 5.2; the first kind that the error is one of decides.
_NAMES: Final[tuple[tuple[type[AppError], str], ...]] = (
    (UnsupportedGrantType, "unsupported_grant_type"),
    (InvalidScope, "invalid_scope"),
    (Malformed, "invalid_request"),
    (Invalid, "invalid_request"),
    (Unauthenticated, "invalid_grant"),
)
NAMES: Final = list(dict.fromkeys(name for _, name in _NAMES))


def oauth_name(kind: type[AppError]) -> str | None:
    """Return what RFC 6749 calls the error; None for what it leaves to HTTP, such as a 429."""
    return next((name for ancestor, name in _NAMES if issubclass(kind, ancestor)), None)


def oauth_members(error: AppError, name: str) -> dict[str, str]:
    """Return what RFC 6749 has in an answer with the error.

    A description has no quotation mark, no backslash and nothing beyond ASCII.
    """
    told = error.detail
    if isinstance(error, Invalid) and error.errors:
        first = error.errors[0]
        told = f"{first.get('parameter', 'The request')} {first['detail']}"
    return {"error": name, "error_description": re.sub(r"[^ !#-\[\]-~]", "?", told)}
