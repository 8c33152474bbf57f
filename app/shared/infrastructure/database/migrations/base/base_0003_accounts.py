"""Accounts: users, registrations, sessions, API keys, and the tokens of links.

Revision: base_0003, after base_0002.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.migrations.operations import create_partial_index
from app.shared.infrastructure.database.models import Json, Timestamp

revision = "base_0003"
down_revision = "base_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("typed_email", sa.String(length=254), nullable=True),
        sa.Column("full_name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("verified_at", Timestamp, nullable=True),
        sa.Column("password_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("pending_email", sa.String(length=254), nullable=True),
        sa.Column("previous_email", sa.String(length=254), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    create_partial_index(
        "ix_user_admins", "user", ["id"], "CAST(roles AS VARCHAR) LIKE '%\"admin\"%'"
    )
    op.create_index(op.f("ix_user_created_at_id"), "user", ["created_at", "id"])
    op.create_table(
        "registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("full_name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
    )
    op.create_index(op.f("ix_registration_created_at"), "registration", ["created_at"])
    op.create_index(
        op.f("ix_registration_email_key_created_at"), "registration", ["email_key", "created_at"]
    )
    op.create_table(
        "registration_token",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_registration_token_registration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_registration_token")),
    )
    op.create_index(
        op.f("ix_registration_token_registration_id"), "registration_token", ["registration_id"]
    )
    op.create_table(
        "one_time_token",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_version", sa.Integer(), nullable=False),
        sa.Column("expires_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_one_time_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_one_time_token")),
    )
    op.create_index(op.f("ix_one_time_token_expires_at"), "one_time_token", ["expires_at"])
    op.create_index(op.f("ix_one_time_token_user_id"), "one_time_token", ["user_id"])
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", Timestamp, nullable=False),
        sa.Column("expires_at", Timestamp, nullable=False),
        sa.Column("revoked_at", Timestamp, nullable=True),
        sa.Column("last_used_at", Timestamp, nullable=True),
        sa.Column("client", sa.String(length=60), nullable=True),
        sa.Column("cookie_fingerprint", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
    )
    op.create_index(op.f("ix_user_session_expires_at"), "user_session", ["expires_at"])
    op.create_index(
        op.f("ix_user_session_user_id_revoked_at"), "user_session", ["user_id", "revoked_at"]
    )
    op.create_table(
        "refresh_token",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("spent_at", Timestamp, nullable=True),
        sa.Column("repeat_fingerprint", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_session.id"],
            name=op.f("fk_refresh_token_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_refresh_token")),
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])
    create_partial_index(
        "ix_refresh_token_spent_at", "refresh_token", ["spent_at"], "spent_at IS NOT NULL"
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
        sa.Column("expires_at", Timestamp, nullable=False),
        sa.Column("last_used_at", Timestamp, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_api_key_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_api_key_fingerprint")),
    )
    op.create_index(op.f("ix_api_key_expires_at"), "api_key", ["expires_at"])
    op.create_index(op.f("ix_api_key_user_id"), "api_key", ["user_id"])


def downgrade() -> None:
    op.drop_table("api_key")
    op.drop_table("refresh_token")
    op.drop_table("user_session")
    op.drop_table("one_time_token")
    op.drop_table("registration_token")
    op.drop_table("registration")
    op.drop_table("user")
