"""What is read without the domain."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from app.core.cursors import Cursors
from app.modules.invoice.application.dto import InvoiceListRequest, InvoiceSummary, InvoiceView
from app.modules.invoice.infrastructure.repositories import LINES, SqlInvoiceRepository
from app.modules.invoice.infrastructure.tables import invoice
from app.shared.application.dto import CursorPage
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.row_mapping import RowMapping

_SUMMARY: Final = RowMapping(InvoiceSummary)
INVOICES: Final = KeysetList(
    "invoices",
    select(invoice).where(invoice.c.owner_id == bindparam("owner_id")),
    unique=invoice.c.id,
    sorts={"created_at": [invoice.c.created_at], "amount": [invoice.c.amount]},
    filters={
        "due_on_from": invoice.c.due_on >= bindparam("due_on_from"),
        "due_on_to": invoice.c.due_on <= bindparam("due_on_to"),
    },
    view=_SUMMARY.of_row,
)


class SqlInvoiceReader:
    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database, self._cursors = database, cursors

    async def invoice(self, owner_id: UUID, invoice_id: UUID, /) -> InvoiceView | None:
        asked = {"id": invoice_id, "owner_id": owner_id}
        row = await self._database.fetch_one(SqlInvoiceRepository.OWN, asked)
        if row is None:
            return None
        summary = _SUMMARY.of_row(row)
        lines = await LINES.load(self._database, [invoice_id])
        return InvoiceView(**vars(summary), lines=LINES.children(lines[invoice_id]))

    async def page(self, request: InvoiceListRequest, /) -> CursorPage[InvoiceSummary]:
        return await INVOICES.page(
            self._database,
            self._cursors,
            request.page,
            {"owner_id": request.actor.user_id},
            {"due_on_from": request.due_on_from, "due_on_to": request.due_on_to},
        )
