"""Every API key has an end, and live sessions are found without those that were ended.

Revision: 0009, after 0008.
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.models import Timestamp

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEYS = sa.table("api_key", sa.column("expires_at", Timestamp))
USUAL = dt.timedelta(days=90)


def upgrade() -> None:
    end = dt.datetime.now(dt.UTC) + USUAL
    op.execute(sa.update(KEYS).where(KEYS.c.expires_at.is_(None)).values(expires_at=end))
    with op.batch_alter_table("api_key") as table:
        table.alter_column("expires_at", existing_type=Timestamp, nullable=False)
    op.create_index(
        op.f("ix_user_session_user_id_revoked_at"), "user_session", ["user_id", "revoked_at"]
    )
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")


def downgrade() -> None:
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"])
    op.drop_index(op.f("ix_user_session_user_id_revoked_at"), table_name="user_session")
    with op.batch_alter_table("api_key") as table:
        table.alter_column("expires_at", existing_type=Timestamp, nullable=True)
