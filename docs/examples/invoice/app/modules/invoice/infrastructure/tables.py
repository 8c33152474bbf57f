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

from app.modules.invoice.domain.entities import DESCRIPTION_MAX_LENGTH, NUMBER_MAX_LENGTH
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.database.models import aggregate_columns, metadata
from app.shared.infrastructure.database.money import money_columns

invoice = Table(
    "invoice",
    metadata,
    *aggregate_columns(),
    Column("owner_id", Uuid, nullable=False),
    Column("number", String(NUMBER_MAX_LENGTH), nullable=False),
    Column("customer_email", String(EmailAddress.MAX_LENGTH), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("status", String(20), nullable=False),
    *money_columns("total"),
    UniqueConstraint("owner_id", "number"),
)
# One for each order of the list.
Index("ix_invoice_owner_id_created_at", invoice.c.owner_id, invoice.c.created_at, invoice.c.id)
Index("ix_invoice_owner_id_due_on", invoice.c.owner_id, invoice.c.due_on, invoice.c.id)

invoice_line = Table(
    "invoice_line",
    metadata,
    Column("invoice_id", ForeignKey("invoice.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("description", String(DESCRIPTION_MAX_LENGTH), nullable=False),
    Column("quantity", ExactDecimal(3), nullable=False),
    *money_columns("unit_price"),
)
