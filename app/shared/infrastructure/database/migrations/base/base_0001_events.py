"""Events, their deliveries to handlers, and schedules.

Revision: base_0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.migrations.operations import create_partial_index
from app.shared.infrastructure.database.models import Json, Timestamp

revision = "base_0001"
down_revision = None
branch_labels = ("base",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_log",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(length=100), nullable=False),
        sa.Column("schema_version", sa.SmallInteger(), nullable=False),
        sa.Column("module", sa.String(length=50), nullable=False),
        sa.Column("aggregate_type", sa.String(length=50), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=True),
        sa.Column("causation_id", sa.Uuid(), nullable=True),
        sa.Column("traceparent", sa.String(length=64), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", Timestamp, nullable=False),
        sa.Column("recorded_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event_log")),
        sa.UniqueConstraint(
            "aggregate_type",
            "aggregate_id",
            "aggregate_version",
            "ordinal",
            name="uq_event_log_position",
        ),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_log_event_id")),
    )
    op.create_index(op.f("ix_event_log_recorded_at_seq"), "event_log", ["recorded_at", "seq"])
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
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("job_key", sa.String(length=200), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", Timestamp, nullable=True),
        sa.Column("due_at", Timestamp, nullable=False),
        sa.Column("due_set_at", Timestamp, nullable=True),
        sa.Column("worker_id", sa.String(length=100), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", Timestamp, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_delivery")),
        sa.UniqueConstraint("event_id", "handler", name=op.f("uq_event_delivery_event_id_handler")),
    )
    create_partial_index(
        "ix_event_delivery_blocked",
        "event_delivery",
        ["handler", "stream_id", "stream_position"],
        "state = 4",
    )
    create_partial_index(
        "ix_event_delivery_dead", "event_delivery", ["handler", "id"], "state IN (2, 5)"
    )
    create_partial_index(
        "ix_event_delivery_discarded", "event_delivery", ["done_at"], "state IN (6, 7)"
    )
    create_partial_index("ix_event_delivery_done", "event_delivery", ["done_at"], "state = 3")
    create_partial_index(
        "ix_event_delivery_ready",
        "event_delivery",
        ["handler", "priority", "due_at", "id"],
        "state = 0",
    )
    create_partial_index(
        "ix_event_delivery_claimed", "event_delivery", ["handler", "due_at"], "state = 1"
    )
    create_partial_index(
        "ix_event_delivery_no_handler", "event_delivery", ["handler", "id"], "state = 5"
    )
    create_partial_index(
        "ix_event_delivery_stream",
        "event_delivery",
        ["handler", "stream_id", "stream_position"],
        "state IN (0, 1, 2, 4, 5)",
    )
    create_partial_index(
        "ix_event_delivery_held",
        "event_delivery",
        ["handler", "stream_id", "stream_position"],
        "state = 8",
    )
    create_partial_index(
        "ix_event_delivery_batch", "event_delivery", ["batch_id", "state"], "batch_id IS NOT NULL"
    )
    create_partial_index(
        "ix_event_delivery_begun_key",
        "event_delivery",
        ["handler", "job_key"],
        "job_key IS NOT NULL AND state IN (1, 5)",
    )
    create_partial_index(
        "ix_event_delivery_key",
        "event_delivery",
        ["handler", "job_key"],
        "job_key IS NOT NULL AND state IN (0, 4, 8)",
        unique=True,
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
        "job_state",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cursor", Json, nullable=True),
        sa.Column("progress_done", sa.BigInteger(), nullable=True),
        sa.Column("progress_total", sa.BigInteger(), nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["event_delivery.id"],
            name=op.f("fk_job_state_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_job_state")),
    )
    op.create_table(
        "job_cancel",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["event_delivery.id"],
            name=op.f("fk_job_cancel_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_job_cancel")),
    )
    op.create_table(
        "job_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("callbacks", Json, nullable=False),
        sa.Column("failed_at", Timestamp, nullable=True),
        sa.Column("closed_at", Timestamp, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_batch")),
    )
    create_partial_index("ix_job_batch_open", "job_batch", ["id"], "closed_at IS NULL")
    create_partial_index("ix_job_batch_closed", "job_batch", ["closed_at"], "closed_at IS NOT NULL")
    op.create_table(
        "event_handler",
        sa.Column("handler", sa.String(length=100), nullable=False),
        sa.Column("paused_at", Timestamp, nullable=True),
        sa.Column("rate_used_until", Timestamp, nullable=True),
        sa.PrimaryKeyConstraint("handler", name=op.f("pk_event_handler")),
    )
    op.create_table(
        "schedule_state",
        sa.Column("schedule", sa.String(length=100), nullable=False),
        sa.Column("settled_until", Timestamp, nullable=False),
        sa.Column("times", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_schedule_state")),
    )


def downgrade() -> None:
    op.drop_table("schedule_state")
    op.drop_table("event_handler")
    op.drop_table("job_batch")
    op.drop_table("job_cancel")
    op.drop_table("job_state")
    op.drop_table("event_attempt")
    op.drop_table("event_delivery")
    op.drop_table("event_log")
