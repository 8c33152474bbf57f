"""Create an invoice."""

import datetime as dt
from collections.abc import Callable

from app.modules.invoice.application.dto import InvoiceView, NewInvoice
from app.modules.invoice.domain.entities import Invoice
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.dto import view_of


class CreateInvoice:
    """Create a draft of the actor. Raises Invalid and InvoiceNumberTaken."""

    def __init__(
        self, uow: Callable[[], InvoiceUnitOfWork], clock: Clock, due_after: dt.timedelta
    ) -> None:
        self._uow, self._clock, self._due_after = uow, clock, due_after

    async def execute(self, request: NewInvoice) -> InvoiceView:
        now = self._clock.now()
        invoice = Invoice.draft(
            owner_id=request.actor.user_id,
            number=request.number,
            customer_email=request.customer_email,
            due_on=request.due_on or (now + self._due_after).date(),
            lines=request.lines,
            now=now,
        )
        async with self._uow() as uow:
            await uow.invoices.save(invoice)
            await uow.commit()
        return view_of(InvoiceView, invoice)
