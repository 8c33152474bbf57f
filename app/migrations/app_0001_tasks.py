"""Tasks.

Revision: app_0001, after base_0003.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.migrations.operations import create_partial_index
from app.shared.infrastructure.database.models import Json, Timestamp

revision = "app_0001"
down_revision = None
branch_labels = ("app",)
depends_on = "base_0003"


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("due_at", Timestamp, nullable=True),
        sa.Column("reminded_for", Timestamp, nullable=True),
        sa.Column("due_order", Timestamp, nullable=False),
        sa.Column("completed_at", Timestamp, nullable=True),
        sa.Column("deleted_at", Timestamp, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    create_partial_index(
        "ix_task_assignee_id_created_at",
        "task",
        ["assignee_id", "created_at", "id"],
        "deleted_at IS NULL",
    )
    create_partial_index(
        "ix_task_assignee_id_due_order",
        "task",
        ["assignee_id", "due_order", "id"],
        "deleted_at IS NULL",
    )
    create_partial_index(
        "ix_task_assignee_id_priority",
        "task",
        ["assignee_id", "priority", "id"],
        "deleted_at IS NULL",
    )
    create_partial_index("ix_task_bin_owner_id", "task", ["owner_id"], "deleted_at IS NOT NULL")
    create_partial_index("ix_task_deleted_at", "task", ["deleted_at"], "deleted_at IS NOT NULL")
    create_partial_index(
        "ix_task_due_at",
        "task",
        ["due_at"],
        "deleted_at IS NULL AND reminded_for IS NOT due_at",
        on_postgresql="deleted_at IS NULL AND reminded_for IS DISTINCT FROM due_at",
    )
    create_partial_index(
        "ix_task_owner_id_created_at",
        "task",
        ["owner_id", "created_at", "id"],
        "deleted_at IS NULL",
    )
    create_partial_index(
        "ix_task_owner_id_due_order", "task", ["owner_id", "due_order", "id"], "deleted_at IS NULL"
    )
    create_partial_index(
        "ix_task_owner_id_priority", "task", ["owner_id", "priority", "id"], "deleted_at IS NULL"
    )


def downgrade() -> None:
    op.drop_table("task")
