"""What the use cases ask of storage."""

from typing import Protocol
from uuid import UUID

from app.modules.invoice.domain.entities import Invoice
from app.shared.domain.unit_of_work import UnitOfWork


class InvoiceRepository(Protocol):
    async def get_for(self, owner_id: UUID, invoice_id: UUID, /, *, version: int | None) -> Invoice:
        """Return the owner's invoice. Raises InvoiceNotFound and StaleVersion."""
        ...

    async def save(self, invoice: Invoice, /) -> None:
        """Store the invoice.

        Raises InvoiceNumberTaken and ConcurrentUpdate.
        """
        ...

    async def delete(self, invoice: Invoice, /) -> None:
        """Delete the invoice. Raises ConcurrentUpdate."""
        ...


class InvoiceUnitOfWork(UnitOfWork, Protocol):
    invoices: InvoiceRepository
