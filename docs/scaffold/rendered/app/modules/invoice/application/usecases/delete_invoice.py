"""Delete an invoice."""

from collections.abc import Callable

from app.modules.invoice.application.dto import InvoiceCommand
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork


class DeleteInvoice:
    """Delete an invoice of the actor for good."""

    def __init__(self, uow: Callable[[], InvoiceUnitOfWork]) -> None:
        self._uow = uow

    async def execute(self, request: InvoiceCommand) -> None:
        async with self._uow() as uow:
            invoice = await uow.invoices.get_for(
                request.actor.user_id, request.invoice_id, version=request.version
            )
            invoice.delete()
            await uow.invoices.delete(invoice)
            await uow.commit()
