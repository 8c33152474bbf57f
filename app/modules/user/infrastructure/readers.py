"""The module's reads: one statement each."""

import datetime as dt
from dataclasses import fields
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select

from app.modules.user.application.dto import SessionState, SessionView, StoredCredentials, UserView
from app.modules.user.domain.one_time_tokens import TokenKind
from app.modules.user.infrastructure.sessions import IS_LIVE, LAST_USED
from app.modules.user.infrastructure.tables import one_time_token, user, user_session
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.statement import Statement

_CREDENTIALS = select(
    user.c.id,
    user.c.email,
    user.c.password_hash,
    user.c.password_version,
    user.c.is_active,
    user.c.verified_at,
    exists()
    .where(
        one_time_token.c.user_id == user.c.id,
        one_time_token.c.kind == TokenKind.RESET.value,
    )
    .label("has_reset_link"),
)
CREDENTIALS = Statement(_CREDENTIALS.where(user.c.email == bindparam("email")))
CREDENTIALS_OF = Statement(_CREDENTIALS.where(user.c.id == bindparam("user_id")))
SESSION_STATE = Statement(
    select(
        user_session.c.user_id,
        user_session.c.expires_at,
        user_session.c.revoked_at,
        user_session.c.last_used_at,
        user_session.c.cookie_fingerprint,
        user.c.roles,
        user.c.is_active,
    )
    .join(user, user.c.id == user_session.c.user_id)
    .where(user_session.c.id == bindparam("session_id"))
)

# All of them, because the sign-in limits their number.
SESSIONS = Statement(
    select(
        user_session.c.id,
        user_session.c.client,
        user_session.c.started_at,
        LAST_USED.label("last_used_at"),
        user_session.c.expires_at,
    )
    .where(
        user_session.c.user_id == bindparam("of_user"),
        IS_LIVE,
    )
    .order_by(LAST_USED.desc(), user_session.c.id.desc())
)

_ADDRESS = func.coalesce(user.c.typed_email, user.c.email).label("email")
_SHOWN = [_ADDRESS if field.name == "email" else user.c[field.name] for field in fields(UserView)]
USER = Statement(select(*_SHOWN).where(user.c.id == bindparam("id")))
USERS = Statement(
    select(*_SHOWN)
    .order_by(user.c.created_at, user.c.id)
    .limit(bindparam("size"))
    .offset(bindparam("offset")),
    is_search=True,
)
COUNT = Statement(select(func.count().label("total")).select_from(user), is_search=True)


class SqlUserReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def credentials(self, email: EmailAddress, /) -> StoredCredentials | None:
        row = await self._database.fetch_one(CREDENTIALS, {"email": email.key})
        return None if row is None else _credentials(row)

    async def credentials_of(self, user_id: UUID, /) -> StoredCredentials | None:
        row = await self._database.fetch_one(CREDENTIALS_OF, {"user_id": user_id})
        return None if row is None else _credentials(row)

    async def session_state(self, session_id: UUID, /, *, now: dt.datetime) -> SessionState | None:
        row = await self._database.fetch_one(SESSION_STATE, {"session_id": session_id})
        if row is None:
            return None
        is_live = row["revoked_at"] is None and now < row["expires_at"]
        return SessionState(
            row["user_id"],
            frozenset(row["roles"]),
            row["is_active"] and is_live,
            cookie_fingerprint=row["cookie_fingerprint"],
            last_used_at=row["last_used_at"],
        )

    async def sessions(
        self, user_id: UUID, /, *, now: dt.datetime, current: UUID
    ) -> list[SessionView]:
        rows = await self._database.fetch_all(SESSIONS, {"of_user": user_id, "now": now})
        return [SessionView(**row, is_current=row["id"] == current) for row in rows]

    async def user(self, user_id: UUID, /) -> UserView | None:
        row = await self._database.fetch_one(USER, {"id": user_id})
        return None if row is None else _view(row)

    async def page(self, *, offset: int, size: int) -> tuple[list[UserView], int]:
        rows = await self._database.fetch_all(USERS, {"offset": offset, "size": size})
        count = await self._database.fetch_one(COUNT, {})
        return [_view(row) for row in rows], count["total"] if count else 0


def _view(row: Row) -> UserView:
    return UserView(**row)


def _credentials(row: Row) -> StoredCredentials:
    return StoredCredentials(
        user_id=row["id"],
        email=EmailAddress(row["email"]),
        password_hash=row["password_hash"],
        password_version=row["password_version"],
        may_sign_in=row["is_active"] and row["verified_at"] is not None,
        has_reset_link=row["has_reset_link"],
    )
