"""Deliveries of events.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.models import Timestamp

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("reminded_for", Timestamp, nullable=True))
    op.create_index(
        "ix_task_due_at",
        "task",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND reminded_for IS DISTINCT FROM due_at"),
        sqlite_where=sa.text("deleted_at IS NULL AND reminded_for IS NOT due_at"),
    )
    op.create_table(
        "event_delivery",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handler", sa.String(length=100), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("stream_position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("blocks_when_dead", sa.Boolean(), nullable=False),
        sa.Column("due_at", Timestamp, nullable=False),
        sa.Column("worker_id", sa.String(length=100), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", Timestamp, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_delivery")),
        sa.UniqueConstraint("event_id", "handler", name=op.f("uq_event_delivery_event_id_handler")),
    )
    with op.batch_alter_table("event_delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_event_delivery_blocked",
            ["handler", "stream_id", "stream_position"],
            unique=False,
            postgresql_where=sa.text("state = 4"),
            sqlite_where=sa.text("state = 4"),
        )
        batch_op.create_index(
            "ix_event_delivery_dead",
            ["handler", "id"],
            unique=False,
            postgresql_where=sa.text("state IN (2, 5)"),
            sqlite_where=sa.text("state IN (2, 5)"),
        )
        batch_op.create_index(
            "ix_event_delivery_done",
            ["done_at"],
            unique=False,
            postgresql_where=sa.text("state = 3"),
            sqlite_where=sa.text("state = 3"),
        )
        batch_op.create_index(
            "ix_event_delivery_due",
            ["due_at", "id"],
            unique=False,
            postgresql_where=sa.text("state IN (0, 1)"),
            sqlite_where=sa.text("state IN (0, 1)"),
        )
        batch_op.create_index(
            "ix_event_delivery_stream",
            ["handler", "stream_id", "stream_position"],
            unique=False,
            postgresql_where=sa.text("state IN (0, 1, 2, 4, 5)"),
            sqlite_where=sa.text("state IN (0, 1, 2, 4, 5)"),
        )

    op.create_table(
        "event_attempt",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("worker_id", sa.String(length=100), nullable=False),
        sa.Column("ended_at", Timestamp, nullable=False),
        sa.Column("error_class", sa.String(length=200), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("traceback", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["event_delivery.id"],
            name=op.f("fk_event_attempt_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "token", name=op.f("pk_event_attempt")),
    )
    op.create_table(
        "event_pause",
        sa.Column("handler", sa.String(length=100), nullable=False),
        sa.Column("paused_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("handler", name=op.f("pk_event_pause")),
    )
    with op.batch_alter_table("event_log", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_event_log_recorded_at_seq"), ["recorded_at", "seq"], unique=False
        )


def downgrade() -> None:
    op.drop_index("ix_task_due_at", table_name="task")
    op.drop_column("task", "reminded_for")
    with op.batch_alter_table("event_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_log_recorded_at_seq"))

    op.drop_table("event_pause")
    op.drop_table("event_attempt")
    with op.batch_alter_table("event_delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_event_delivery_stream",
            postgresql_where=sa.text("state IN (0, 1, 2, 4, 5)"),
            sqlite_where=sa.text("state IN (0, 1, 2, 4, 5)"),
        )
        batch_op.drop_index(
            "ix_event_delivery_due",
            postgresql_where=sa.text("state IN (0, 1)"),
            sqlite_where=sa.text("state IN (0, 1)"),
        )
        batch_op.drop_index(
            "ix_event_delivery_done",
            postgresql_where=sa.text("state = 3"),
            sqlite_where=sa.text("state = 3"),
        )
        batch_op.drop_index(
            "ix_event_delivery_blocked",
            postgresql_where=sa.text("state = 4"),
            sqlite_where=sa.text("state = 4"),
        )
        batch_op.drop_index(
            "ix_event_delivery_dead",
            postgresql_where=sa.text("state IN (2, 5)"),
            sqlite_where=sa.text("state IN (2, 5)"),
        )

    op.drop_table("event_delivery")
