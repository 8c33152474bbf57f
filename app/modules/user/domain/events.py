"""What happens to accounts. No event holds personal data: they outlive the account."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class UserRegistered(DomainEvent):
    """Somebody has an account now, perhaps not verified yet."""

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


EVENTS = (UserRegistered, UserVerified, UserDeactivated)
