"""API keys, and what is known of a session.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.models import Json, Timestamp

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # May be empty: the release before this one goes on writing sessions without them.
    op.add_column("user_session", sa.Column("last_used_at", Timestamp, nullable=True))
    op.add_column("user_session", sa.Column("client", sa.String(length=60), nullable=True))
    op.add_column(
        "user_session", sa.Column("cookie_fingerprint", sa.String(length=64), nullable=True)
    )
    op.add_column(
        "refresh_token", sa.Column("repeat_fingerprint", sa.String(length=64), nullable=True)
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("expires_at", Timestamp, nullable=True),
        sa.Column("last_used_at", Timestamp, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_api_key_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_api_key_fingerprint")),
    )
    op.create_index(op.f("ix_api_key_user_id"), "api_key", ["user_id"], unique=False)
    op.create_index(op.f("ix_api_key_expires_at"), "api_key", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("api_key")
    op.drop_column("refresh_token", "repeat_fingerprint")
    op.drop_column("user_session", "cookie_fingerprint")
    op.drop_column("user_session", "client")
    op.drop_column("user_session", "last_used_at")
