"""Registrations: requests for an account, until the address is verified."""

import datetime as dt
from dataclasses import dataclass, field
from typing import ClassVar, Self

from app.core.exceptions import Conflict, Forbidden
from app.modules.user.domain.entities import FullName, User
from app.modules.user.domain.events import RegistrationReceived
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.value_objects import EmailAddress


class WrongPassword(Forbidden):
    """The person who uses a link is not the one who requested it."""

    code = "wrong_password"
    message = (
        "This is not the password of the person who requested this link. If that was not you, "
        "do not use the link: register with your own password."
    )


class SeveralRegistrations(Conflict):
    """Only the owner of the address knows which registration is theirs."""

    code = "several_registrations"
    message = (
        "Several people registered with this address: its owner must use the link in an email."
    )


@dataclass(eq=False, kw_only=True, slots=True)
class Registration(AggregateRoot):
    """A request for an account. It is no account yet: a stranger may have sent it.

    Several may wait for one address, each with its own password. The first one whose link is used
    with its password becomes the account.
    """

    aggregate_type: ClassVar = "registration"

    email: EmailAddress
    full_name: FullName
    password_hash: str = field(repr=False)

    @classmethod
    def receive(
        cls, *, email: EmailAddress, full_name: FullName, password_hash: str, now: dt.datetime
    ) -> Self:
        registration = cls(
            email=email,
            full_name=full_name,
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
        registration.record(RegistrationReceived(registration_id=registration.id))
        return registration

    def open_account(self, *, now: dt.datetime) -> User:
        """Return the account, whose address is verified."""
        user = User.register(
            email=self.email,
            full_name=self.full_name,
            password_hash=self.password_hash,
            now=now,
        )
        user.verify(now=now)
        return user
