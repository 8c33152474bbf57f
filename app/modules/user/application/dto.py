"""What the use cases take and return."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from app.core.security import Actor
from app.modules.user.domain.entities import User
from app.modules.user.domain.sessions import RefreshToken
from app.shared.application.dto import BaseResponse
from app.shared.domain.value_objects import EmailAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    email: str
    password: str = field(repr=False)
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    email: str
    password: str = field(repr=False)
    client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSignIn:
    """A sign-in, and the cookie that the browser had before."""

    credentials: Credentials
    cookie: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    owner: Actor
    current_password: str = field(repr=False)
    name: str
    scopes: list[str]
    expires_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A refresh token, and the idempotency key of its request."""

    token: RefreshToken
    repeat_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPageRequest:
    page: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordWithToken:
    """The token of a link, and the password of the person who requested the link."""

    token: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    token: str = field(repr=False)
    new_password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    actor: Actor
    current_password: str = field(repr=False)
    new_password: str = field(repr=False)
    keep_keys: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    actor: Actor
    current_password: str = field(repr=False)
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A user deletes their own account."""

    actor: Actor
    current_password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCommand:
    """A change of another user's account, at its `version`; None accepts any."""

    actor: Actor
    user_id: UUID
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment:
    command: UserCommand
    roles: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesOfAddress:
    """All roles that the account of an address will have."""

    email: str
    roles: Sequence[str]


@dataclass
class EmailRequestView:
    """The same answer whether or not an email is sent."""

    status: Literal["accepted"] = "accepted"


@dataclass
class RegistrationView:
    """The same answer for a new address and a known one."""

    status: Literal["pending_verification"] = "pending_verification"


@dataclass
class TokenPair:
    """The answer of RFC 6749, section 5.1. `expires_in` is in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme's name


@dataclass
class UserView(BaseResponse):
    """An account as its owner and administrators see it."""

    email: str
    full_name: str
    roles: list[str]
    is_active: bool
    verified_at: dt.datetime | None

    @classmethod
    def of(cls, user: User) -> "UserView":
        return cls(
            id=user.id,
            version=user.version,
            created_at=user.created_at,
            updated_at=user.updated_at,
            email=user.email.value,
            full_name=user.full_name.value,
            roles=sorted(user.roles),
            is_active=user.is_active,
            verified_at=user.verified_at,
        )


@dataclass
class SessionView:
    """A session. `is_current` is true for the session of the request."""

    id: UUID
    client: str | None
    started_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime
    is_current: bool


@dataclass(slots=True, kw_only=True)
class KeyView:
    """An API key, without the key itself, which was shown once."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None


@dataclass(slots=True, kw_only=True)
class NewKeyView(KeyView):
    """The only answer that contains the key itself."""

    key: str = field(repr=False)


@dataclass(slots=True)
class Contact:
    """The recipient of an email."""

    email: str = field(repr=False)
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredentials:
    """The stored data that a password is checked against."""

    user_id: UUID
    email: EmailAddress
    password_hash: str = field(repr=False)
    password_version: int
    may_sign_in: bool
    has_reset_link: bool


@dataclass(frozen=True, slots=True)
class SessionState:
    """The current state of a session and its account."""

    user_id: UUID
    roles: frozenset[str]
    is_usable: bool
    cookie_fingerprint: str | None = field(default=None, repr=False)
    last_used_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """The current state of a key of an open account."""

    id: UUID
    user_id: UUID
    scopes: frozenset[str]
    roles: frozenset[str]
    expires_at: dt.datetime
    last_used_at: dt.datetime | None
