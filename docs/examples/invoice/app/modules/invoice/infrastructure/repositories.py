"""How invoices are stored."""

from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from app.core.exceptions import StaleVersion
from app.modules.invoice.domain.entities import (
    Invoice,
    InvoiceNotFound,
    InvoiceNumberTaken,
    InvoiceStatus,
    Line,
)
from app.modules.invoice.domain.repositories import InvoiceRepository
from app.modules.invoice.infrastructure.tables import invoice, invoice_line
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.child_rows import ChildRows
from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.money import money_of, money_values
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

OWN: Final = Statement(
    select(invoice).where(
        invoice.c.id == bindparam("invoice_id"), invoice.c.owner_id == bindparam("owner_id")
    )
)


def _line_row(line: Line) -> dict[str, Any]:
    return {
        "description": line.description,
        "quantity": line.quantity,
        **money_values("unit_price", line.unit_price),
    }


def _line(row: Row) -> Line:
    return Line(row["description"], row["quantity"], money_of(row, "unit_price"))


LINES: Final = ChildRows(invoice_line, to_row=_line_row, to_child=_line)


class SqlInvoiceRepository(BaseRepository[Invoice]):
    table: ClassVar = invoice
    children: ClassVar = {"lines": LINES}
    constraints: ClassVar = {"uq_invoice_owner_id_number": InvoiceNumberTaken}

    async def get_for(self, owner_id: UUID, invoice_id: UUID, /, *, version: int | None) -> Invoice:
        found = await self._find(OWN, invoice_id=invoice_id, owner_id=owner_id)
        if found is None:
            raise InvoiceNotFound
        if version not in {None, found.version}:
            raise StaleVersion
        return found

    def to_row(self, aggregate: Invoice) -> dict[str, Any]:
        return {
            "owner_id": aggregate.owner_id,
            "number": aggregate.number,
            "customer_email": str(aggregate.customer_email),
            "due_on": aggregate.due_on,
            "status": aggregate.status.value,
            **money_values("total", aggregate.total),
        }

    def to_aggregate(self, row: Row) -> Invoice:
        return Invoice(
            **self.identity(row),
            owner_id=row["owner_id"],
            number=row["number"],
            customer_email=EmailAddress(row["customer_email"]),
            due_on=row["due_on"],
            status=InvoiceStatus(row["status"]),
            total=money_of(row, "total"),
            lines=row["lines"],
        )


class SqlInvoiceUnitOfWork(SqlUnitOfWork):
    invoices: InvoiceRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.invoices = SqlInvoiceRepository(connection, events)
