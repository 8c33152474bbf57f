"""What the user module tells the world outside it."""

from pathlib import Path
from typing import Final

from app.modules.user.application.mails import Letter
from app.modules.user.domain.one_time_tokens import OneTimeToken
from app.shared.application.mail import Mailer, MailKind, Recipient
from app.shared.infrastructure.external.mail_templates import MailTemplates

TEMPLATES: Final = Path(__file__).parent / "templates"

PAGES: Final = {
    Letter.VERIFY_ADDRESS: "verify-email",
    Letter.RESET_PASSWORD: "reset-password",
    Letter.CONFIRM_ADDRESS: "confirm-email",
}
"""Where a link leads, below the address that people reach the service at."""

KINDS: Final = {
    Letter.RESET_PASSWORD: MailKind.RECOVERY,
    Letter.VERIFY_ADDRESS: MailKind.REQUEST,
    Letter.CONFIRM_ADDRESS: MailKind.REQUEST,
    Letter.ALREADY_REGISTERED: MailKind.REQUEST,
    Letter.ADDRESS_TAKEN: MailKind.REQUEST,
}
"""What anybody may cause who knows an address; all others tell what happened to an account.

Who registers somebody's address often must not keep them from the link that resets a password.
"""


class TemplatedAccountMails:
    """Writes the letters of the folder `templates`.

    A link carries its token behind the `#`: a browser does not send that part, so no server's log
    and no Referer has it. The page behind the link posts it.
    """

    def __init__(self, mailer: Mailer, *, signed_by: str, links_begin_with: str) -> None:
        self._mailer, self._links_begin_with = mailer, links_begin_with
        self._letters = MailTemplates(TEMPLATES, signed_by=signed_by)

    async def send(
        self, letter: Letter, to: Recipient, /, *, key: str, token: OneTimeToken | None = None
    ) -> None:
        values = {"name": to.name}
        if token is not None:
            values["link"] = f"{self._links_begin_with}/{PAGES[letter]}#token={token.secret}"
        kind = KINDS.get(letter, MailKind.NOTICE)
        mail = self._letters.write(letter, values, key=key, kind=kind, to=to.address)
        await self._mailer.send(mail)
