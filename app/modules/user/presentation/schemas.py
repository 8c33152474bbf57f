"""The requests that clients may send."""

from typing import Annotated, Final

from pydantic import Field

from app.core.exceptions import Invalid
from app.core.http.oauth import InvalidScope, OAuthForm, UnsupportedGrantType
from app.core.http.schema_types import Body, Digits, Length, Line, Opaque, Parameters, Timestamp
from app.core.security import PERMISSION
from app.modules.user.application.dto import Credentials, Exchange
from app.modules.user.domain.entities import FullName
from app.modules.user.domain.keys import ApiKey
from app.modules.user.domain.passwords import Password
from app.modules.user.domain.sessions import RefreshToken
from app.shared.domain.value_objects import EmailAddress
from app.shared.presentation.email import EmailText

Name = Annotated[Line, Length(1, FullName.MAX_LENGTH), Field(examples=["Ana Example"])]
Scope = Annotated[Line, Length(0, 50), Field(pattern=f"^{PERMISSION}$", examples=["invoice:read"])]
RoleName = Annotated[Line, Length(1, 50), Field(examples=["admin"])]
Secret = Annotated[Opaque, Field(min_length=1, max_length=Password.MAX_LENGTH)]

NewSecret = Annotated[Opaque, Field(min_length=Password.MIN_LENGTH, max_length=Password.MAX_LENGTH)]
Token = Annotated[Opaque, Field(min_length=1, max_length=200)]

GRANT_TYPES: Final = ["password", "refresh_token"]


class Registration(Body):
    email: EmailText
    password: NewSecret
    full_name: Name


class Address(Body):
    email: EmailText


class PasswordForLink(Body):
    """The token of a link (after `#token=`), and the password of the person who requested it."""

    token: Token
    password: Secret


class NewPasswordByToken(Body):
    token: Token
    new_password: NewSecret


class NewPassword(Body):
    """With `keep_keys` your API keys stay; without it they end."""

    current_password: Secret
    new_password: NewSecret
    keep_keys: bool = False


class NewAddress(Body):
    email: EmailText
    current_password: Secret


class Farewell(Body):
    current_password: Secret


class NewRoles(Body):
    """All roles that the account will have."""

    roles: Annotated[list[RoleName], Field(min_length=1, max_length=20)]


class SignInForm(Parameters):
    """`username` is the email address."""

    username: Annotated[str, Field(max_length=EmailAddress.MAX_LENGTH)]
    password: Secret


class TokenForm(OAuthForm):
    """The request of the token endpoint (RFC 6749, sections 4.3.2 and 6).

    With the grant type `password` it has `username`, the email address, and `password`; with
    `refresh_token` it has `refresh_token`. The default grant type is `password`.
    """

    grant_type: Annotated[str, Field(max_length=200, json_schema_extra={"enum": GRANT_TYPES})] = (
        "password"
    )
    username: Annotated[str, Field(max_length=EmailAddress.MAX_LENGTH)] = Field(default_factory=str)
    password: Annotated[Opaque, Field(max_length=Password.MAX_LENGTH)] = Field(default_factory=str)
    refresh_token: Annotated[Opaque, Field(max_length=200)] = Field(default_factory=str)
    scope: Annotated[str, Field(max_length=200)] = Field(default_factory=str)

    def grant(self, *, client: str | None, repeat_key: str | None) -> Credentials | Exchange:
        """Return the grant.

        Raises Invalid for a missing parameter, UnsupportedGrantType and InvalidScope.
        """
        if self.grant_type not in GRANT_TYPES:
            raise UnsupportedGrantType
        if self.scope:
            raise InvalidScope
        if self.grant_type == "refresh_token":
            self._require("refresh_token")
            return Exchange(token=RefreshToken(self.refresh_token), repeat_key=repeat_key)
        self._require("username", "password")
        return Credentials(email=self.username, password=self.password, client=client)

    def _require(self, *names: str) -> None:
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            required = {"code": "required", "detail": "is required"}
            raise Invalid(errors=[{"parameter": name, **required} for name in missing])


class Refresh(Body):
    refresh_token: Annotated[Opaque, Field(min_length=1, max_length=200)]


class KeyDraft(Body):
    """`scopes` are permissions of your own; without `expires_at` the key lasts for 90 days."""

    current_password: Secret
    name: Annotated[Line, Length(1, ApiKey.MAX_NAME), Field(pattern=r"\S")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=ApiKey.MAX_SCOPES)]
    expires_at: Timestamp | None = None


class ProfileChanges(Body):
    """Fields that are left out stay as they are."""

    full_name: Name = Field(default_factory=str)


class UserPage(Parameters):
    page: Annotated[int, Field(ge=1, le=10_000), Digits] = 1
    size: Annotated[int, Field(ge=1, le=100), Digits] = 20
