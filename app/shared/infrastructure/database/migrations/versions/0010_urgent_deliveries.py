"""Deliveries that come before all others.

Revision: 0010, after 0009. Those that wait already are not urgent, nor those of the release before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

IS_URGENT = "state IN (0, 1) AND is_urgent"


def upgrade() -> None:
    op.add_column(
        "event_delivery",
        sa.Column("is_urgent", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "ix_event_delivery_urgent",
        "event_delivery",
        ["due_at", "id"],
        postgresql_where=sa.text(IS_URGENT),
        sqlite_where=sa.text(f"{IS_URGENT} = 1"),
    )


def downgrade() -> None:
    op.drop_index("ix_event_delivery_urgent", table_name="event_delivery")
    op.drop_column("event_delivery", "is_urgent")
