"""Users."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

from app.core.exceptions import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from app.modules.user.domain.events import (
    EmailChanged,
    EmailChangeRequested,
    PasswordChanged,
    RolesChanged,
    UserActivated,
    UserDeactivated,
    UserDeleted,
    UserRegistered,
    UserVerified,
)
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.value_objects import EmailAddress


class Role(StrEnum):
    """The roles that every service has. Modules declare more; an account may have any of them."""

    USER = "user"
    ADMIN = "admin"


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "email_taken"
    message = "There is already an account with this email address."


class InvalidCredentials(Unauthenticated):
    """One answer for unknown, wrong, disabled and unverified: it does not show which."""

    code = "invalid_credentials"
    message = "The email address or the password is wrong, or the account cannot be used."


class ReauthFailed(Forbidden):
    """The signed-in user did not give the right password."""

    code = "reauth_failed"
    message = "The current password is wrong."


class UserNotFound(NotFound):
    """The account does not exist."""

    code = "user_not_found"
    message = "There is no such user."


class LastAdministrator(Conflict):
    """Without this account the service would have no administrator."""

    code = "last_administrator"
    message = "This is the last active administrator; give another user the role first."


class OwnAccount(Conflict):
    """Administrators cannot close their own account."""

    code = "own_account"
    message = (
        "This is your own account; delete it at /users/me, or let another administrator close it."
    )


@dataclass(frozen=True, slots=True)
class FullName:
    """The name that a person wants to be called."""

    MAX_LENGTH: ClassVar = 100

    value: str

    def __post_init__(self) -> None:
        if not self.value.strip() or len(self.value) > self.MAX_LENGTH:
            raise Invalid("full_name", f"must have 1 to {self.MAX_LENGTH} characters")


@dataclass(eq=False, kw_only=True, slots=True)
class User(AggregateRoot):
    """An account."""

    aggregate_type: ClassVar = "user"

    email: EmailAddress
    full_name: FullName
    password_hash: str = field(repr=False)
    roles: frozenset[str] = frozenset({Role.USER})
    is_active: bool = True
    verified_at: dt.datetime | None = None
    password_version: int = 1
    """Counts the passwords that the account had; a stronger hash of the same one does not count."""
    pending_email: EmailAddress | None = None
    """The address that its owner requested, until it is confirmed."""
    previous_email: EmailAddress | None = None
    """The previous address, which gets an email about the change."""

    @classmethod
    def register(
        cls, *, email: EmailAddress, full_name: FullName, password_hash: str, now: dt.datetime
    ) -> Self:
        """Return a new account, whose address is not verified yet."""
        user = cls(
            email=email,
            full_name=full_name,
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
        user.record(UserRegistered(user_id=user.id))
        return user

    def verify(self, *, now: dt.datetime) -> None:
        """Mark the address as verified; the second time changes nothing."""
        if self.verified_at is None:
            self.verified_at = self.updated_at = now
            self.record(UserVerified(user_id=self.id))

    def rename(self, full_name: FullName, *, now: dt.datetime) -> None:
        self.full_name, self.updated_at = full_name, now

    def change_password(self, password_hash: str, *, now: dt.datetime) -> None:
        """Set another password.

        It drops a requested address, which another person may have requested.
        """
        self.password_hash, self.updated_at = password_hash, now
        self.password_version += 1
        self.pending_email = None
        self.record(PasswordChanged(user_id=self.id))

    def ask_for_address(self, email: EmailAddress, *, now: dt.datetime) -> None:
        """Request another address; until it is confirmed this one stays."""
        self.pending_email, self.updated_at = email, now
        self.record(EmailChangeRequested(user_id=self.id))

    def take_address(self, *, now: dt.datetime) -> None:
        """Move to the requested address, which is confirmed now."""
        if self.pending_email is None:
            raise ValueError("no address was asked for")
        self.previous_email, self.email = self.email, self.pending_email
        self.pending_email = None
        self.verified_at = self.updated_at = now
        self.record(EmailChanged(user_id=self.id))

    def give_roles(self, roles: frozenset[str], *, now: dt.datetime) -> None:
        """Give the account exactly these roles."""
        if roles != self.roles:
            self.roles, self.updated_at = roles, now
            self.record(RolesChanged(user_id=self.id, roles=sorted(roles)))

    def deactivate(self, *, now: dt.datetime) -> None:
        """Close the account; the second time changes nothing."""
        if self.is_active:
            self.is_active, self.updated_at = False, now
            self.record(UserDeactivated(user_id=self.id))

    def activate(self, *, now: dt.datetime) -> None:
        """Open the account again; the second time changes nothing."""
        if not self.is_active:
            self.is_active, self.updated_at = True, now
            self.record(UserActivated(user_id=self.id))

    def leave(self, *, now: dt.datetime) -> None:
        """Record that the account is deleted; other modules delete its data."""
        self.updated_at = now
        self.record(UserDeleted(user_id=self.id))
