"""What the use cases read without the domain, outside any transaction."""

from typing import Protocol
from uuid import UUID

from app.modules.invoice.application.dto import InvoiceListRequest, InvoiceSummary, InvoiceView
from app.shared.application.dto import CursorPage


class InvoiceReader(Protocol):
    async def invoice(self, owner_id: UUID, invoice_id: UUID, /) -> InvoiceView | None:
        """Return the invoice if it is the owner's, or None."""
        ...

    async def page(self, request: InvoiceListRequest, /) -> CursorPage[InvoiceSummary]:
        """Return a page of the actor's invoices. Raises InvalidCursor."""
        ...
