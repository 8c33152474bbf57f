"""The tables of invoices."""

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)

from app.modules.invoice.domain.entities import LINE_DESCRIPTION_MAX_LENGTH, NUMBER_MAX_LENGTH
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.database.models import aggregate_columns, metadata

invoice = Table(
    "invoice",
    metadata,
    *aggregate_columns(),
    Column("owner_id", Uuid, nullable=False),
    Column("number", String(NUMBER_MAX_LENGTH), nullable=False),
    Column("customer_email", String(EmailAddress.MAX_LENGTH), nullable=False),
    Column("currency", String(20), nullable=False),
    Column("amount", ExactDecimal(2, digits=12), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("status", String(20), nullable=False),
    UniqueConstraint("owner_id", "number"),
)
# The list is one read along an index, in each of its orders and for each filter.
Index("ix_invoice_owner_id_created_at", invoice.c.owner_id, invoice.c.created_at, invoice.c.id)
Index("ix_invoice_owner_id_amount", invoice.c.owner_id, invoice.c.amount, invoice.c.id)
Index("ix_invoice_owner_id_due_on", invoice.c.owner_id, invoice.c.due_on, invoice.c.id)

invoice_line = Table(
    "invoice_line",
    metadata,
    Column("invoice_id", ForeignKey("invoice.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("description", String(LINE_DESCRIPTION_MAX_LENGTH), nullable=False),
    Column("quantity", ExactDecimal(3, digits=12), nullable=False),
    Column("unit_price", ExactDecimal(2, digits=12), nullable=False),
)
