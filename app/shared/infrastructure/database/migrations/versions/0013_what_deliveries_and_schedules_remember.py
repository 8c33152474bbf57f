"""When waits were begun, the last tick of each schedule, an index for what was discarded.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.models import Timestamp

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IS_DISCARDED = sa.text("state = 6")


def upgrade() -> None:
    op.add_column("event_delivery", sa.Column("due_set_at", Timestamp, nullable=True))
    op.create_index(
        "ix_event_delivery_discarded",
        "event_delivery",
        ["done_at"],
        postgresql_where=IS_DISCARDED,
        sqlite_where=IS_DISCARDED,
    )
    op.create_table(
        "schedule_state",
        sa.Column("schedule", sa.String(length=100), nullable=False),
        sa.Column("last_due_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_schedule_state")),
    )


def downgrade() -> None:
    op.drop_table("schedule_state")
    op.drop_index("ix_event_delivery_discarded", table_name="event_delivery")
    op.execute("UPDATE event_delivery SET state = 3 WHERE state = 6")
    op.drop_column("event_delivery", "due_set_at")
