"""The emails that the module sends; infrastructure implements it."""

from enum import StrEnum
from typing import Protocol

from app.modules.user.domain.one_time_tokens import OneTimeToken
from app.shared.application.email import Recipient


class AccountEmail(StrEnum):
    """The emails; each has a template of that name."""

    VERIFY_ADDRESS = "verify_address"
    ALREADY_REGISTERED = "already_registered"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - an email's name
    KEY_MADE = "key_made"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an email's name
    ADDRESS_CHANGE_ASKED = "address_change_asked"
    CONFIRM_ADDRESS = "confirm_address"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_CHANGED = "address_changed"


class AccountEmailSender(Protocol):
    """Writes and sends; `key` identifies repetitions. Raises EmailRefused and EmailDelayed."""

    async def send(
        self, email: AccountEmail, to: Recipient, /, *, key: str, token: OneTimeToken | None = None
    ) -> None: ...
