"""What the module does when something happened."""

from app.core.endings import Discard
from app.core.events import subscribe
from app.modules.invoice.application.readers import InvoiceReader
from app.modules.invoice.domain.events import InvoiceSent
from app.shared.application.email import EmailKind, TemplateMailer
from app.shared.domain.value_objects import EmailAddress


@subscribe(
    InvoiceSent,
    id="invoice.email_customer",
    on_dead="skip",
    max_attempts=15,  # for about five hours
    timeout=60.0,
    transactional=False,
)
class WhenInvoiceSentEmailTheCustomer:
    def __init__(self, reader: InvoiceReader, mailer: TemplateMailer) -> None:
        self._reader, self._mailer = reader, mailer

    async def __call__(self, event: InvoiceSent, key: str) -> None:
        invoice = await self._reader.invoice(event.owner_id, event.invoice_id)
        if invoice is None:
            raise Discard("the invoice does not exist any more")
        customer = EmailAddress(invoice.customer_email)
        await self._mailer.send(
            "invoice_sent", vars(invoice), to=customer, kind=EmailKind.WORK, key=key
        )
