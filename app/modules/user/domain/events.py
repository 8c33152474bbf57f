"""What happens to accounts. No event holds personal data: they outlive the account."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class UserRegistered(DomainEvent):
    """Somebody has an account now."""

    type: ClassVar = "user.registered"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserVerified(DomainEvent):
    """The address of an account is known to be its owner's."""

    type: ClassVar = "user.verified"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserDeactivated(DomainEvent):
    """An account may no longer be used."""

    type: ClassVar = "user.deactivated"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserActivated(DomainEvent):
    """An account that was closed may be used again."""

    type: ClassVar = "user.activated"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserDeleted(DomainEvent):
    """An account is gone for good, with all that it knew of its owner."""

    type: ClassVar = "user.deleted"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class RolesChanged(DomainEvent):
    """An account is trusted with these roles and no others."""

    type: ClassVar = "user.roles_changed"

    user_id: UUID
    roles: list[str]


@dataclass(frozen=True, slots=True)
class PasswordChanged(DomainEvent):
    """An account has another password, by its owner or by a link in a mail."""

    type: ClassVar = "user.password_changed"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class KeyMade(DomainEvent):
    """An account has another API key, which acts for it without its password."""

    type: ClassVar = "user.key_made"

    user_id: UUID
    key_id: UUID


@dataclass(frozen=True, slots=True)
class EmailChangeRequested(DomainEvent):
    """The owner of an account wants another address."""

    type: ClassVar = "user.email_change_requested"

    user_id: UUID


@dataclass(frozen=True, slots=True)
class EmailChanged(DomainEvent):
    """An account has another address, which is known to be its owner's."""

    type: ClassVar = "user.email_changed"

    user_id: UUID


# The three below may come from anybody: where there is none, the id is that of nobody.


@dataclass(frozen=True, slots=True)
class RegistrationReceived(DomainEvent):
    """Somebody wants an account, with an address that is perhaps not theirs, or has one already."""

    type: ClassVar = "user.registration_received"

    registration_id: UUID


@dataclass(frozen=True, slots=True)
class VerificationRequested(DomainEvent):
    """Somebody asks for the mail once more that verifies an address."""

    type: ClassVar = "user.verification_requested"
    schema_version: ClassVar = 2  # the first named an account, when there were ones to verify

    registration_id: UUID


@dataclass(frozen=True, slots=True)
class PasswordResetRequested(DomainEvent):
    """Somebody says that they forgot a password."""

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
