"""Invoices, as a module would have them: lines are values, notes have an identity."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, Uuid

from app.core.exceptions import Conflict
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.events import DomainEvent
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.child_rows import ChildRows
from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.models import aggregate_columns
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.integration.rows.tables import schema

invoice = Table(
    "tested_invoice",
    schema,
    *aggregate_columns(),
    Column("number", String(20), nullable=False, unique=True),
)
invoice_line = Table(
    "tested_invoice_line",
    schema,
    Column("invoice_id", ForeignKey("tested_invoice.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("text", String(100), nullable=False),
    Column("price", ExactDecimal(2), nullable=False),
)
invoice_note = Table(
    "tested_invoice_note",
    schema,
    Column("id", Uuid, primary_key=True),
    Column("invoice_id", ForeignKey("tested_invoice.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", String(100), nullable=False),
    UniqueConstraint("invoice_id", "text"),
)
Index("ix_tested_invoice_note_invoice_id", invoice_note.c.invoice_id, invoice_note.c.position)

NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class NoteTwice(Conflict):
    code = "note_twice"
    message = "The invoice has this note."


@dataclass(frozen=True, slots=True)
class InvoiceSent(DomainEvent):
    type: ClassVar = "invoice.sent"

    invoice_id: UUID


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    price: Decimal


@dataclass(slots=True)
class Note:
    text: str
    id: UUID = field(default_factory=new_id)


@dataclass(eq=False, kw_only=True, slots=True)
class Invoice(AggregateRoot):
    aggregate_type: ClassVar = "invoice"

    number: str
    lines: list[Line] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def send(self) -> None:
        self.record(InvoiceSent(self.id))


class SqlInvoiceRepository(BaseRepository[Invoice]):
    table: ClassVar = invoice
    children: ClassVar = {
        "lines": ChildRows(invoice_line, to_row=asdict, to_child=lambda row: Line(**row)),
        "notes": ChildRows(invoice_note, to_row=asdict, to_child=lambda row: Note(**row)),
    }
    constraints: ClassVar = {"uq_tested_invoice_note_invoice_id_text": NoteTwice}


class SqlInvoiceUnitOfWork(SqlUnitOfWork):
    invoices: SqlInvoiceRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.invoices = SqlInvoiceRepository(connection, events)


def an_invoice(**fields: Any) -> Invoice:
    return Invoice(**{"number": "2026-1", "created_at": NOW, "updated_at": NOW, **fields})


def a_line(text: str, price: str = "10.00") -> Line:
    return Line(text, Decimal(price))
