"""What is read without the domain."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from app.core.cursors import Cursors
from app.modules.invoice.application.dto import InvoiceListRequest, InvoiceSummary, InvoiceView
from app.modules.invoice.domain.entities import InvoiceStatus
from app.modules.invoice.infrastructure.repositories import LINES, OWN, SqlInvoiceRepository
from app.modules.invoice.infrastructure.tables import invoice
from app.shared.application.dto import CursorPage
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.money import money_of


def _summary(row: Row) -> InvoiceSummary:
    return InvoiceSummary(
        **SqlInvoiceRepository.identity(row),
        number=row["number"],
        customer_email=row["customer_email"],
        due_on=row["due_on"],
        total=money_of(row, "total"),
        status=InvoiceStatus(row["status"]),
    )


INVOICES: Final = KeysetList(
    "invoices",
    select(invoice).where(invoice.c.owner_id == bindparam("owner_id")),
    unique=invoice.c.id,
    sorts={"created_at": [invoice.c.created_at], "due_on": [invoice.c.due_on]},
    filters={
        "status": invoice.c.status == bindparam("status"),
        "due_before": invoice.c.due_on < bindparam("due_before"),
    },
    view=_summary,
)


class SqlInvoiceReader:
    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database, self._cursors = database, cursors

    async def invoice(self, owner_id: UUID, invoice_id: UUID, /) -> InvoiceView | None:
        asked = {"invoice_id": invoice_id, "owner_id": owner_id}
        row = await self._database.fetch_one(OWN, asked)
        if row is None:
            return None
        lines = await LINES.load(self._database, [invoice_id])
        return InvoiceView(**vars(_summary(row)), lines=LINES.children(lines[invoice_id]))

    async def page(self, request: InvoiceListRequest, /) -> CursorPage[InvoiceSummary]:
        return await INVOICES.page(
            self._database,
            self._cursors,
            request.page,
            {"owner_id": request.actor.user_id},
            {"status": request.status, "due_before": request.due_before},
        )
