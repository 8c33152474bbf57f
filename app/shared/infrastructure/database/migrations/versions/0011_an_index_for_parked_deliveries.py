"""An index for parked deliveries: to look for them no longer reads those that are dead.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

IS_PARKED = sa.text("state = 5")


def upgrade() -> None:
    op.create_index(
        "ix_event_delivery_no_handler",
        "event_delivery",
        ["handler", "id"],
        postgresql_where=IS_PARKED,
        sqlite_where=IS_PARKED,
    )


def downgrade() -> None:
    op.drop_index("ix_event_delivery_no_handler", table_name="event_delivery")
