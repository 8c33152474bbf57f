"""Invoices.

Revision: app_0002, after app_0001.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.column_types import ExactDecimal
from app.shared.infrastructure.database.models import Timestamp

revision = "app_0002"
down_revision = "app_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer_email", sa.String(length=254), nullable=False),
        sa.Column("currency", sa.String(length=20), nullable=False),
        sa.Column("amount", ExactDecimal(2, digits=12), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("owner_id", "number", name=op.f("uq_invoice_owner_id_number")),
    )
    op.create_index(
        "ix_invoice_owner_id_amount", "invoice", ["owner_id", "amount", "id"], unique=False
    )
    op.create_index(
        "ix_invoice_owner_id_created_at", "invoice", ["owner_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_invoice_owner_id_due_on", "invoice", ["owner_id", "due_on", "id"], unique=False
    )
    op.create_table(
        "invoice_line",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("quantity", ExactDecimal(3, digits=12), nullable=False),
        sa.Column("unit_price", ExactDecimal(2, digits=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["invoice.id"],
            name=op.f("fk_invoice_line_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("invoice_id", "position", name=op.f("pk_invoice_line")),
    )


def downgrade() -> None:
    op.drop_table("invoice_line")
    op.drop_table("invoice")
