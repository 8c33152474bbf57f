"""Get an invoice."""

from app.modules.invoice.application.dto import InvoiceCommand, InvoiceView
from app.modules.invoice.application.readers import InvoiceReader
from app.modules.invoice.domain.errors import InvoiceNotFound


class GetInvoice:
    """Return an invoice of the actor. Raises InvoiceNotFound."""

    def __init__(self, reader: InvoiceReader) -> None:
        self._reader = reader

    async def execute(self, request: InvoiceCommand) -> InvoiceView:
        invoice = await self._reader.invoice(request.actor.user_id, request.invoice_id)
        if invoice is None:
            raise InvoiceNotFound
        return invoice
