"""Create an invoice."""

from collections.abc import Callable

from app.modules.invoice.application.dto import InvoiceView, NewInvoice
from app.modules.invoice.domain.entities import Invoice
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.dto import view_of


class CreateInvoice:
    """Create an invoice of the actor. Raises InvoiceNumberTaken."""

    def __init__(self, uow: Callable[[], InvoiceUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: NewInvoice) -> InvoiceView:
        invoice = Invoice.create(
            owner_id=request.actor.user_id, now=self._clock.now(), **request.fields
        )
        async with self._uow() as uow:
            await uow.invoices.save(invoice)
            await uow.commit()
        return view_of(InvoiceView, invoice)
