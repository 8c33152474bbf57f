"""Change the fields of an invoice."""

from collections.abc import Callable

from app.modules.invoice.application.dto import InvoiceUpdate, InvoiceView
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.dto import view_of


class UpdateInvoice:
    """Change the fields of an invoice of the actor. Raises InvoiceNumberTaken."""

    def __init__(self, uow: Callable[[], InvoiceUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: InvoiceUpdate) -> InvoiceView:
        command, changes = request.command, request.changes
        async with self._uow() as uow:
            invoice = await uow.invoices.get_for(
                command.actor.user_id, command.invoice_id, version=command.version
            )
            if invoice.update(changes, now=self._clock.now()):
                await uow.invoices.save(invoice)
                await uow.commit()
        return view_of(InvoiceView, invoice)
