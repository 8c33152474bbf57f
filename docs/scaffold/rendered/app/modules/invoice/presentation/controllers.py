"""The endpoints of invoices; their docstrings are the API's documentation."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from app.core.http.parameters import CurrentActor, IfMatch
from app.core.http.schema_types import Id
from app.modules.invoice.application.dto import (
    InvoiceCommand,
    InvoiceListRequest,
    InvoiceSummary,
    InvoiceUpdate,
    InvoiceView,
    NewInvoice,
)
from app.modules.invoice.application.usecases.create_invoice import CreateInvoice
from app.modules.invoice.application.usecases.delete_invoice import DeleteInvoice
from app.modules.invoice.application.usecases.get_invoice import GetInvoice
from app.modules.invoice.application.usecases.list_invoices import ListInvoices
from app.modules.invoice.application.usecases.pay_invoice import PayInvoice
from app.modules.invoice.application.usecases.send_invoice import SendInvoice
from app.modules.invoice.application.usecases.update_invoice import UpdateInvoice
from app.modules.invoice.presentation.schemas import (
    InvoiceDraft,
    InvoiceListParameters,
    InvoicePatch,
)
from app.shared.application.dto import CursorPage


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceController:
    create_invoice: CreateInvoice
    get_invoice: GetInvoice
    list_invoices: ListInvoices
    update_invoice: UpdateInvoice
    send_invoice: SendInvoice
    pay_invoice: PayInvoice
    delete_invoice: DeleteInvoice

    async def create(self, actor: CurrentActor, body: InvoiceDraft) -> InvoiceView:
        """Create an invoice of your own."""
        return await self.create_invoice.execute(NewInvoice(actor, body.to_fields()))

    async def get(self, invoice_id: Id, actor: CurrentActor) -> InvoiceView:
        """Get an invoice of yours."""
        return await self.get_invoice.execute(InvoiceCommand(actor, invoice_id))

    async def list(
        self, actor: CurrentActor, query: Annotated[InvoiceListParameters, Query()]
    ) -> CursorPage[InvoiceSummary]:
        """List your invoices, without their lines.

        The newest come first unless `sort` says otherwise. For the next page, send `next_cursor` as
        `cursor`, with the same filters and order.
        Filters with `_from` and `_to` include both values.
        """
        return await self.list_invoices.execute(
            InvoiceListRequest(
                actor=actor,
                page=query.page(),
                due_on_from=query.due_on_from,
                due_on_to=query.due_on_to,
            )
        )

    async def update(
        self, invoice_id: Id, actor: CurrentActor, version: IfMatch, body: InvoicePatch
    ) -> InvoiceView:
        """Update an invoice of yours.

        Fields that you leave out stay as they are.
        """
        command = InvoiceCommand(actor, invoice_id, version)
        return await self.update_invoice.execute(InvoiceUpdate(command, body.to_changes()))

    async def send(self, invoice_id: Id, actor: CurrentActor, version: IfMatch) -> InvoiceView:
        """Send an invoice of yours.

        Its status becomes `sent`.
        """
        return await self.send_invoice.execute(InvoiceCommand(actor, invoice_id, version))

    async def pay(self, invoice_id: Id, actor: CurrentActor, version: IfMatch) -> InvoiceView:
        """Pay an invoice of yours.

        Its status becomes `paid`.
        """
        return await self.pay_invoice.execute(InvoiceCommand(actor, invoice_id, version))

    async def delete(self, invoice_id: Id, actor: CurrentActor, version: IfMatch) -> None:
        """Delete an invoice of yours, for good."""
        await self.delete_invoice.execute(InvoiceCommand(actor, invoice_id, version))
