"""The events of accounts. They hold no personal data, because they outlive the account."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class UserRegistered(DomainEvent):
    """An account was created."""

    type: ClassVar = "user.registered"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserVerified(DomainEvent):
    """The address of an account was verified."""

    type: ClassVar = "user.verified"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserDeactivated(DomainEvent):
    """An account was closed and cannot be used."""

    type: ClassVar = "user.deactivated"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserActivated(DomainEvent):
    """A closed account was opened again."""

    type: ClassVar = "user.activated"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserDeleted(DomainEvent):
    """An account was deleted, with all personal data of its owner."""

    type: ClassVar = "user.deleted"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class RolesChanged(DomainEvent):
    """An account has exactly these roles now."""

    type: ClassVar = "user.roles_changed"

    user_id: UUID
    roles: list[str]


@dataclass(frozen=True, slots=True)
class PasswordChanged(DomainEvent):
    """The password of an account was changed, by its owner or by a link in an email."""

    type: ClassVar = "user.password_changed"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class KeyMade(DomainEvent):
    """A new API key was created for an account. It acts for the account without its password."""

    type: ClassVar = "user.key_made"

    user_id: UUID
    key_id: UUID


@dataclass(frozen=True, slots=True)
class EmailChangeRequested(DomainEvent):
    """The owner of an account requested another address."""

    type: ClassVar = "user.email_change_requested"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class EmailChanged(DomainEvent):
    """An account has another address, which was verified."""

    type: ClassVar = "user.email_changed"

    user_id: UUID


# Anonymous clients cause the three events below. If there is no such account or registration,
# the id is a random one.


@dataclass(frozen=True, slots=True)
class RegistrationReceived(DomainEvent):
    """A registration was received. The address may belong to another person or have an account."""

    type: ClassVar = "user.registration_received"

    registration_id: UUID


@dataclass(frozen=True, slots=True)
class VerificationRequested(DomainEvent):
    """A registration's verification email was requested again."""

    type: ClassVar = "user.verification_requested"
    schema_version: ClassVar = 2  # version 1 named an account instead of a registration

    registration_id: UUID


@dataclass(frozen=True, slots=True)
class PasswordResetRequested(DomainEvent):
    """A reset of a forgotten password was requested."""

    type: ClassVar = "user.password_reset_requested"

    user_id: UUID


EVENTS = (
    RegistrationReceived,
    UserRegistered,
    UserVerified,
    UserDeactivated,
    UserActivated,
    UserDeleted,
    RolesChanged,
    PasswordChanged,
    KeyMade,
    EmailChangeRequested,
    EmailChanged,
    VerificationRequested,
    PasswordResetRequested,
)
