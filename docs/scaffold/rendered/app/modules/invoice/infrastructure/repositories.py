"""How invoices are stored."""

from typing import ClassVar, Final

from app.modules.invoice.domain.entities import Invoice, InvoiceLine
from app.modules.invoice.domain.errors import InvoiceNotFound, InvoiceNumberTaken
from app.modules.invoice.domain.repositories import InvoiceRepository
from app.modules.invoice.infrastructure.tables import invoice, invoice_line
from app.shared.infrastructure.child_rows import ChildRows
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.row_mapping import RowMapping
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.owned_repository import OwnedRepository
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

_LINE: Final = RowMapping(InvoiceLine)
LINES: Final = ChildRows(invoice_line, to_row=_LINE.to_row, to_child=_LINE.of_row)


class SqlInvoiceRepository(OwnedRepository[Invoice]):
    table: ClassVar = invoice
    children: ClassVar = {"lines": LINES}
    constraints: ClassVar = {"uq_invoice_owner_id_number": InvoiceNumberTaken}
    not_found: ClassVar = InvoiceNotFound


class SqlInvoiceUnitOfWork(SqlUnitOfWork):
    invoices: InvoiceRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.invoices = SqlInvoiceRepository(connection, events)
