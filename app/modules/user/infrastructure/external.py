"""The emails of the user module."""

from pathlib import Path
from typing import Final

from app.modules.user.application.email_sender import AccountEmail
from app.modules.user.domain.one_time_tokens import OneTimeToken
from app.shared.application.email import EmailKind, Mailer, Recipient
from app.shared.infrastructure.external.email_templates import TemplatedMailer

TEMPLATES: Final = Path(__file__).parent / "templates"

PAGES: Final = {
    AccountEmail.VERIFY_ADDRESS: "verify-email",
    AccountEmail.RESET_PASSWORD: "reset-password",
    AccountEmail.CONFIRM_ADDRESS: "confirm-email",
}
"""The path of each link, below the service's URL."""

KINDS: Final = {
    AccountEmail.RESET_PASSWORD: EmailKind.RECOVERY,
    AccountEmail.VERIFY_ADDRESS: EmailKind.REQUEST,
    AccountEmail.CONFIRM_ADDRESS: EmailKind.REQUEST,
    AccountEmail.ALREADY_REGISTERED: EmailKind.REQUEST,
    AccountEmail.ADDRESS_TAKEN: EmailKind.REQUEST,
}
"""Emails that any client can cause for an address; all others report changes of an account.

Many registrations of an address must not prevent the link that resets a password.
"""


class TemplatedAccountEmailSender:
    """Writes the emails of the folder `templates`.

    The token of a link is behind the `#`. A browser does not send that part, so no server's log and
    no Referer contains it. The page of the link posts it.
    """

    def __init__(self, mailer: Mailer, *, signed_by: str, links_begin_with: str) -> None:
        self._mailer = TemplatedMailer(mailer, TEMPLATES, signed_by=signed_by)
        self._links_begin_with = links_begin_with

    async def send(
        self, email: AccountEmail, to: Recipient, /, *, key: str, token: OneTimeToken | None = None
    ) -> None:
        values = {"name": to.name}
        if token is not None:
            values["link"] = f"{self._links_begin_with}/{PAGES[email]}#token={token.secret}"
        kind = KINDS.get(email, EmailKind.NOTICE)
        await self._mailer.send(email, values, to=to.address, kind=kind, key=key)
