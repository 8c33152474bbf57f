"""Registrations: what somebody wrote who wants an account, until their address is theirs."""

import datetime as dt
from dataclasses import dataclass, field
from typing import ClassVar, Self

from app.core.exceptions import Conflict, Forbidden
from app.modules.user.domain.entities import FullName, User
from app.modules.user.domain.events import RegistrationReceived
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.value_objects import EmailAddress


class WrongPassword(Forbidden):
    """Whoever follows a link is not who asked for it."""

    code = "wrong_password"
    message = (
        "This is not the password of whoever asked for this link. If it was not you, do not use it:"
        " register with a password of your own."
    )


class SeveralRegistrations(Conflict):
    """Nobody but the owner of the address can tell which of them is theirs."""

    code = "several_registrations"
    message = (
        "Several people registered with this address: its owner has to follow the link of a mail."
    )


@dataclass(eq=False, kw_only=True, slots=True)
class Registration(AggregateRoot):
    """The wish for an account. It is none: a stranger may have written it.

    Several may wait for one address, each with a password of its own. The account is opened by the
    first whose link is followed with its password.
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
        """Return the account, whose address is known to be its owner's."""
        user = User.register(
            email=self.email,
            full_name=self.full_name,
            password_hash=self.password_hash,
            now=now,
        )
        user.verify(now=now)
        return user
