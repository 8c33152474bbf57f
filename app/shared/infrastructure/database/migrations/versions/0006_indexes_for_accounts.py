"""Indexes for what read through all accounts, and through all tasks when an account was deleted.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IS_ADMIN = sa.text("CAST(roles AS VARCHAR) LIKE '%\"admin\"%'")
IS_IN_BIN = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(op.f("ix_user_created_at_id"), "user", ["created_at", "id"])
    op.create_index(
        "ix_user_admins", "user", ["id"], postgresql_where=IS_ADMIN, sqlite_where=IS_ADMIN
    )
    op.create_index(
        "ix_task_bin_owner_id",
        "task",
        ["owner_id"],
        postgresql_where=IS_IN_BIN,
        sqlite_where=IS_IN_BIN,
    )


def downgrade() -> None:
    op.drop_index("ix_task_bin_owner_id", table_name="task")
    op.drop_index("ix_user_admins", table_name="user")
    op.drop_index(op.f("ix_user_created_at_id"), table_name="user")
