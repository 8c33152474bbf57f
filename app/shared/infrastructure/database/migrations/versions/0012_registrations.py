"""Registrations: what waits for an address to be verified is no account any more.

Revision: 0012, after 0011. Accounts that nobody verified become registrations; their links have to
be asked for again.
"""

import sqlalchemy as sa
from alembic import op

from app.shared.infrastructure.database.models import Timestamp

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
    op.execute(
        "INSERT INTO registration (id, version, created_at, updated_at, email, email_key,"
        " full_name, password_hash)"
        " SELECT id, 1, created_at, updated_at, coalesce(typed_email, email), email, full_name,"
        ' password_hash FROM "user" WHERE verified_at IS NULL'
    )
    op.execute("DELETE FROM one_time_token WHERE kind = 'verify'")
    op.execute('DELETE FROM "user" WHERE verified_at IS NULL')


def downgrade() -> None:
    op.drop_table("registration_token")
    op.drop_table("registration")
