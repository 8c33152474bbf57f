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
    InvoiceView,
    NewInvoice,
)
from app.modules.invoice.application.usecases.create_invoice import CreateInvoice
from app.modules.invoice.application.usecases.get_invoice import GetInvoice
from app.modules.invoice.application.usecases.list_invoices import ListInvoices
from app.modules.invoice.application.usecases.pay_invoice import PayInvoice
from app.modules.invoice.application.usecases.send_invoice import SendInvoice
from app.modules.invoice.domain.entities import Line
from app.modules.invoice.presentation.schemas import InvoiceDraft, InvoiceListParameters
from app.shared.application.dto import CursorPage


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceController:
    create_invoice: CreateInvoice
    get_invoice: GetInvoice
    list_invoices: ListInvoices
    send_invoice: SendInvoice
    pay_invoice: PayInvoice

    async def create(self, actor: CurrentActor, body: InvoiceDraft) -> InvoiceView:
        """Create a draft of an invoice.

        Without `due_on` it is due after the usual number of days.
        """
        lines = [Line(**dict(line)) for line in body.lines]
        return await self.create_invoice.execute(
            NewInvoice(actor=actor, **{**dict(body), "lines": lines})
        )

    async def get(self, invoice_id: Id, actor: CurrentActor) -> InvoiceView:
        """Get an invoice of yours."""
        return await self.get_invoice.execute(InvoiceCommand(actor, invoice_id))

    async def list(
        self, actor: CurrentActor, query: Annotated[InvoiceListParameters, Query()]
    ) -> CursorPage[InvoiceSummary]:
        """List your invoices, without their lines.

        The newest come first unless `sort` says otherwise. For the next page, send `next_cursor` as
        `cursor`, with the same filters and order.
        """
        return await self.list_invoices.execute(
            InvoiceListRequest(
                actor=actor, page=query.page(), status=query.status, due_before=query.due_before
            )
        )

    async def send(self, invoice_id: Id, actor: CurrentActor, version: IfMatch) -> InvoiceView:
        """Send a draft to its customer by email."""
        return await self.send_invoice.execute(InvoiceCommand(actor, invoice_id, version))

    async def pay(self, invoice_id: Id, actor: CurrentActor, version: IfMatch) -> InvoiceView:
        """Pay: mark an invoice that was sent as paid."""
        return await self.pay_invoice.execute(InvoiceCommand(actor, invoice_id, version))
