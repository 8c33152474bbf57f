"""Pay an invoice."""

from collections.abc import Callable

from app.modules.invoice.application.dto import InvoiceCommand, InvoiceView
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.dto import view_of


class PayInvoice:
    """Set the status of an invoice to `paid`. Raises InvoiceNotSent."""

    def __init__(self, uow: Callable[[], InvoiceUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: InvoiceCommand) -> InvoiceView:
        async with self._uow() as uow:
            invoice = await uow.invoices.get_for(
                request.actor.user_id, request.invoice_id, version=request.version
            )
            invoice.pay(now=self._clock.now())
            await uow.invoices.save(invoice)
            await uow.commit()
        return view_of(InvoiceView, invoice)
