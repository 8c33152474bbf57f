"""List invoices."""

from app.modules.invoice.application.dto import InvoiceListRequest, InvoiceSummary
from app.modules.invoice.application.readers import InvoiceReader
from app.shared.application.dto import CursorPage


class ListInvoices:
    """Return a page of the actor's invoices. Raises InvalidCursor."""

    def __init__(self, reader: InvoiceReader) -> None:
        self._reader = reader

    async def execute(self, request: InvoiceListRequest) -> CursorPage[InvoiceSummary]:
        return await self._reader.page(request)
