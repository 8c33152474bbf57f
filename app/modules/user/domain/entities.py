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
    """The roles that every service has. Other modules declare more; an account may have any."""

    USER = "user"
    ADMIN = "admin"


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "email_taken"
    message = "There is already an account with this e-mail address."


class InvalidCredentials(Unauthenticated):
    """One answer for unknown, wrong, disabled and unverified: which it was is nobody's business."""

    code = "invalid_credentials"
    message = "The e-mail address or the password is wrong, or the account can't be used."


class ReauthFailed(Forbidden):
    """Whoever is signed in did not show that it is them."""

    code = "reauth_failed"
    message = "The current password is wrong."


class UserNotFound(NotFound):
    """There is no such account."""

    code = "user_not_found"
    message = "There is no such user."


class LastAdministrator(Conflict):
    """Without this account nobody could administer the service any more."""

    code = "last_administrator"
    message = "This is the last active administrator; make somebody else one first."


class OwnAccount(Conflict):
    """Administrators close the accounts of others."""

    code = "own_account"
    message = "This is your own account; delete it at /users/me, or have somebody else close it."


@dataclass(frozen=True, slots=True)
class FullName:
    """What a person wants to be called."""

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
    """Counts the passwords that the account had; a stronger hash of the same one is no other."""
    pending_email: EmailAddress | None = None
    """The address that its owner wants, as soon as it is known to be theirs."""
    previous_email: EmailAddress | None = None
    """The address before this one, whose owner is told of the change."""

    @classmethod
    def register(
        cls, *, email: EmailAddress, full_name: FullName, password_hash: str, now: dt.datetime
    ) -> Self:
        """Return a new account, whose address is yet to be verified."""
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
        """Accept that the address is its owner's; the second time changes nothing."""
        if self.verified_at is None:
            self.verified_at = self.updated_at = now
            self.record(UserVerified(user_id=self.id))

    def rename(self, full_name: FullName, *, now: dt.datetime) -> None:
        self.full_name, self.updated_at = full_name, now

    def change_password(self, password_hash: str, *, now: dt.datetime) -> None:
        """Take another password. Whoever knew the last one may have asked for another address."""
        self.password_hash, self.updated_at = password_hash, now
        self.password_version += 1
        self.pending_email = None
        self.record(PasswordChanged(user_id=self.id))

    def ask_for_address(self, email: EmailAddress, *, now: dt.datetime) -> None:
        """Want another address; until it is confirmed this one stays."""
        self.pending_email, self.updated_at = email, now
        self.record(EmailChangeRequested(user_id=self.id))

    def take_address(self, *, now: dt.datetime) -> None:
        """Move to the address that was asked for, and that is now known to be its owner's."""
        if self.pending_email is None:
            raise ValueError("no address was asked for")
        self.previous_email, self.email = self.email, self.pending_email
        self.pending_email = None
        self.verified_at = self.updated_at = now
        self.record(EmailChanged(user_id=self.id))

    def give_roles(self, roles: frozenset[str], *, now: dt.datetime) -> None:
        """Trust the account with these and no others."""
        if roles != self.roles:
            self.roles, self.updated_at = roles, now
            self.record(RolesChanged(user_id=self.id, roles=sorted(roles)))

    def deactivate(self, *, now: dt.datetime) -> None:
        """Close the account to its owner; the second time changes nothing."""
        if self.is_active:
            self.is_active, self.updated_at = False, now
            self.record(UserDeactivated(user_id=self.id))

    def activate(self, *, now: dt.datetime) -> None:
        """Open the account to its owner again; the second time changes nothing."""
        if not self.is_active:
            self.is_active, self.updated_at = True, now
            self.record(UserActivated(user_id=self.id))

    def leave(self, *, now: dt.datetime) -> None:
        """Say that its owner goes, for good: what is removed with the account follows."""
        self.updated_at = now
        self.record(UserDeleted(user_id=self.id))
