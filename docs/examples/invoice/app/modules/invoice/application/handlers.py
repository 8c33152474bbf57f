"""What the module does when something happened."""

from app.core.events import Discard, subscribe
from app.modules.invoice.application.email_sender import InvoiceEmailSender
from app.modules.invoice.application.readers import InvoiceReader
from app.modules.invoice.domain.events import InvoiceSent


@subscribe(
    InvoiceSent,
    id="invoice.email_customer",
    on_dead="skip",
    max_attempts=15,  # for about five hours
    timeout=60.0,
    transactional=False,
)
class WhenInvoiceSentEmailTheCustomer:
    def __init__(self, reader: InvoiceReader, email_sender: InvoiceEmailSender) -> None:
        self._reader, self._email_sender = reader, email_sender

    async def __call__(self, event: InvoiceSent, key: str) -> None:
        invoice = await self._reader.invoice(event.owner_id, event.invoice_id)
        if invoice is None:
            raise Discard("the invoice does not exist any more")
        await self._email_sender.send_invoice(invoice, key=key)
