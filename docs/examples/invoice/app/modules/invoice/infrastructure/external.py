"""How the module's emails are written."""

from pathlib import Path

from app.modules.invoice.application.dto import InvoiceView
from app.shared.application.email import EmailKind, Mailer
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.external.email_templates import EmailTemplates


class TemplatedInvoiceEmailSender:
    """Writes the emails of the folder `templates`."""

    def __init__(self, mailer: Mailer, *, signed_by: str) -> None:
        self._mailer = mailer
        self._templates = EmailTemplates(Path(__file__).parent / "templates", signed_by=signed_by)

    async def send_invoice(self, invoice: InvoiceView, /, *, key: str) -> None:
        email = self._templates.write(
            "invoice_sent",
            vars(invoice),
            key=key,
            kind=EmailKind.WORK,
            to=EmailAddress(invoice.customer_email),
        )
        await self._mailer.send(email)
