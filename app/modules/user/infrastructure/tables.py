"""The tables of the user module."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    cast,
    literal_column,
)

from app.modules.user.domain.clients import MAX_CLIENT
from app.modules.user.domain.entities import FullName, Role
from app.modules.user.domain.keys import ApiKey
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.models import (
    Json,
    Timestamp,
    aggregate_columns,
    metadata,
    partial_index,
)

BRANCH: Final = "base"
"""Accounts are part of every service, and so is their schema."""

user = Table(
    "user",
    metadata,
    *aggregate_columns(),
    # The key of the address, and the address itself if it is spelled differently.
    Column("email", String(EmailAddress.MAX_LENGTH), nullable=False, unique=True),
    Column("typed_email", String(EmailAddress.MAX_LENGTH)),
    Column("full_name", String(FullName.MAX_LENGTH), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("roles", Json, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("verified_at", Timestamp),
    # The default is for the previous release, which does not write this column.
    Column("password_version", Integer, nullable=False, server_default="1"),
    Column("pending_email", String(EmailAddress.MAX_LENGTH)),
    Column("previous_email", String(EmailAddress.MAX_LENGTH)),
    # For the list of all, oldest first.
    Index(None, "created_at", "id"),
)
# As text, which both databases can search: a name in quotes is a whole one. It is a constant,
# because with a parameter PostgreSQL would not use the partial index.
IS_ADMIN = cast(user.c.roles, String).like(literal_column(f"'%\"{Role.ADMIN}\"%'"))
partial_index("ix_user_admins", user.c.id, where=IS_ADMIN)

user_session = Table(
    "user_session",
    metadata,
    Column("id", Uuid, primary_key=True),
    # No foreign key: an account is deleted in one transaction, and may have a hundred thousand
    # sessions. They are deleted in batches afterwards, and are invalid without it.
    Column("user_id", Uuid, nullable=False),
    Column("started_at", Timestamp, nullable=False),
    Column("expires_at", Timestamp, nullable=False, index=True),
    Column("revoked_at", Timestamp),
    Column("last_used_at", Timestamp),
    Column("client", String(MAX_CLIENT)),
    Column("cookie_fingerprint", String(64)),
    # Ended sessions are kept for a while and may be many; a sign-in must not read them.
    Index(None, "user_id", "revoked_at"),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("session_id", Uuid, ForeignKey("user_session.id", ondelete="CASCADE"), nullable=False),
    Column("spent_at", Timestamp),
    Column("repeat_fingerprint", String(64)),
    Index("ix_refresh_token_session_id", "session_id"),
)
partial_index(
    "ix_refresh_token_spent_at",
    refresh_token.c.spent_at,
    where=refresh_token.c.spent_at.is_not(None),
)

registration = Table(
    "registration",
    metadata,
    *aggregate_columns(),
    Column("email", String(EmailAddress.MAX_LENGTH), nullable=False),
    Column("email_key", String(EmailAddress.MAX_LENGTH), nullable=False),
    Column("full_name", String(FullName.MAX_LENGTH), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Index(None, "email_key", "created_at"),
    Index(None, "created_at"),
)

registration_token = Table(
    "registration_token",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column(
        "registration_id",
        Uuid,
        ForeignKey("registration.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("expires_at", Timestamp, nullable=False),
)

one_time_token = Table(
    "one_time_token",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("user_id", Uuid, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("email", String(EmailAddress.MAX_LENGTH), nullable=False),
    Column("password_version", Integer, nullable=False),
    Column("expires_at", Timestamp, nullable=False, index=True),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(ApiKey.MAX_NAME), nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("scopes", Json, nullable=False),
    Column("created_at", Timestamp, nullable=False),
    Column("expires_at", Timestamp, nullable=False, index=True),
    Column("last_used_at", Timestamp),
)
