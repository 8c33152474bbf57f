"""Storage of sessions, refresh tokens and cookies."""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, func, insert, select, update

from app.modules.user.domain.sessions import RefreshToken, Session, SessionCookie
from app.modules.user.infrastructure.session_purges import PURGE_SPENT, purge_of, purge_old
from app.modules.user.infrastructure.tables import (
    one_time_token,
    refresh_token,
    user,
    user_session,
)
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.statement import Statement

LAST_USED = func.coalesce(user_session.c.last_used_at, user_session.c.started_at)
IS_LIVE = user_session.c.revoked_at.is_(None) & (user_session.c.expires_at > bindparam("now"))
_STARTED = {column.name: bindparam(column.name, type_=column.type) for column in user_session.c}
START_SESSION = Statement(
    insert(user_session).from_select(
        list(_STARTED),
        select(*_STARTED.values())
        .where(
            user.c.id == bindparam("user_id"),
            user.c.password_version == bindparam("password_version"),
            user.c.is_active,
        )
        .with_for_update(read=True),
    )
)
ADD_TOKEN = Statement(insert(refresh_token), columns=["fingerprint", "session_id"])
SPEND_TOKEN = Statement(
    update(refresh_token).where(
        refresh_token.c.fingerprint == bindparam("presented"), refresh_token.c.spent_at.is_(None)
    ),
    columns=["spent_at", "repeat_fingerprint"],
)
REPEATABLE = Statement(
    select(refresh_token.c.session_id).where(
        refresh_token.c.fingerprint == bindparam("presented"),
        refresh_token.c.repeat_fingerprint == bindparam("repeat"),
        refresh_token.c.spent_at >= bindparam("since"),
    )
)
TOKEN = Statement(
    select(refresh_token.c.session_id).where(refresh_token.c.fingerprint == bindparam("presented"))
)
SESSION = Statement(select(user_session).where(user_session.c.id == bindparam("session_id")))
SESSION_OF_TOKEN = Statement(
    select(user_session)
    .join(refresh_token, refresh_token.c.session_id == user_session.c.id)
    .join(user, (user.c.id == user_session.c.user_id) & user.c.is_active)
    .where(refresh_token.c.fingerprint == bindparam("presented"))
)
EXTEND_SESSION = Statement(
    update(user_session).where(user_session.c.id == bindparam("session_id")),
    columns=["expires_at", "last_used_at"],
)
REVOKE_SESSION = Statement(
    update(user_session).where(
        user_session.c.id == bindparam("session_id"), user_session.c.revoked_at.is_(None)
    ),
    columns=["revoked_at"],
)
REVOKE_SESSION_OF_USER = Statement(
    update(user_session).where(
        user_session.c.id == bindparam("session_id"),
        user_session.c.user_id == bindparam("of_user"),
        IS_LIVE,
    ),
    columns=["revoked_at"],
)
REVOKE_SESSIONS_OF_USER = Statement(
    update(user_session).where(
        user_session.c.user_id == bindparam("of_user"),
        user_session.c.revoked_at.is_(None),
        user_session.c.id.is_distinct_from(bindparam("but", type_=Uuid)),
    ),
    columns=["revoked_at"],
)
REVOKE_COOKIE = Statement(
    update(user_session).where(
        user_session.c.id == bindparam("session_id"),
        user_session.c.cookie_fingerprint == bindparam("presented"),
        user_session.c.revoked_at.is_(None),
    ),
    columns=["revoked_at"],
)
RENEW_COOKIE = Statement(
    update(user_session).where(
        user_session.c.id == bindparam("session_id"),
        user_session.c.cookie_fingerprint.is_not(None),
    ),
    columns=["cookie_fingerprint"],
)
REVOKE_BEYOND = Statement(
    update(user_session).where(
        user_session.c.id.in_(
            select(user_session.c.id)
            .where(user_session.c.user_id == bindparam("of_user"), IS_LIVE)
            .order_by(LAST_USED.desc(), user_session.c.id.desc())
            .offset(bindparam("most"))
            .correlate(None)
        )
    ),
    columns=["revoked_at"],
)

AFTER_RESTORE: Final = (
    update(user_session)
    .where(user_session.c.revoked_at.is_(None))
    .values(revoked_at=database_time()),
    delete(one_time_token),
)
"""What was ended or used since the backup would be valid again: sessions, and links in emails."""


class SqlSessionRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(
        self, session: Session, token: RefreshToken | None, /, *, password_version: int
    ) -> bool:
        started = {column: getattr(session, column) for column in _STARTED}
        expected = {"password_version": password_version}
        if await self._connection.execute(START_SESSION, started | expected) != 1:
            return False
        if token is not None:
            await self._add_token(session, token)
        return True

    async def get(self, session_id: UUID, /) -> Session | None:
        row = await self._connection.fetch_one(SESSION, {"session_id": session_id})
        return None if row is None else Session(**row)

    async def spend(
        self, token: RefreshToken, /, *, now: dt.datetime, repeat: str | None = None
    ) -> bool:
        spent = {"presented": token.fingerprint, "spent_at": now, "repeat_fingerprint": repeat}
        return await self._connection.execute(SPEND_TOKEN, spent) == 1

    async def may_repeat(self, token: RefreshToken, /, *, repeat: str, since: dt.datetime) -> bool:
        asked = {"presented": token.fingerprint, "repeat": repeat, "since": since}
        return await self._connection.fetch_one(REPEATABLE, asked) is not None

    async def has(self, token: RefreshToken, /) -> bool:
        return await self._connection.fetch_one(TOKEN, {"presented": token.fingerprint}) is not None

    async def of_token(self, token: RefreshToken, /) -> Session | None:
        row = await self._connection.fetch_one(SESSION_OF_TOKEN, {"presented": token.fingerprint})
        return None if row is None else Session(**row)

    async def continue_with(self, session: Session, token: RefreshToken, /) -> None:
        await self.record_use(session)
        await self._add_token(session, token)

    async def record_use(self, session: Session, /) -> None:
        changed = {"expires_at": session.expires_at, "last_used_at": session.last_used_at}
        await self._connection.execute(EXTEND_SESSION, {"session_id": session.id, **changed})

    async def revoke(self, session_id: UUID, /, *, now: dt.datetime) -> None:
        revoked = {"session_id": session_id, "revoked_at": now}
        await self._connection.execute(REVOKE_SESSION, revoked)

    async def revoke_of(self, user_id: UUID, session_id: UUID, /, *, now: dt.datetime) -> bool:
        revoked = {"of_user": user_id, "session_id": session_id, "now": now, "revoked_at": now}
        return await self._connection.execute(REVOKE_SESSION_OF_USER, revoked) == 1

    async def revoke_all(
        self, user_id: UUID, /, *, now: dt.datetime, but: UUID | None = None
    ) -> None:
        revoked = {"of_user": user_id, "but": but, "revoked_at": now}
        await self._connection.execute(REVOKE_SESSIONS_OF_USER, revoked)

    async def revoke_cookie(self, cookie: SessionCookie, /, *, now: dt.datetime) -> bool:
        presented = {"session_id": cookie.session_id, "presented": cookie.fingerprint}
        return await self._connection.execute(REVOKE_COOKIE, presented | {"revoked_at": now}) == 1

    async def renew_cookie(self, session_id: UUID, secret: str, /) -> bool:
        fingerprint = SessionCookie.fingerprint_of(secret)
        renewed = {"session_id": session_id, "cookie_fingerprint": fingerprint}
        return await self._connection.execute(RENEW_COOKIE, renewed) == 1

    async def revoke_beyond(self, most: int, user_id: UUID, /, *, now: dt.datetime) -> None:
        revoked = {"of_user": user_id, "most": most, "now": now, "revoked_at": now}
        await self._connection.execute(REVOKE_BEYOND, revoked)

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        return await purge_old(self._connection, before=before, most=most)

    async def purge_of(self, user_id: UUID, /, *, most: int) -> int:
        return await purge_of(self._connection, user_id, most=most)

    async def purge_spent(self, *, before: dt.datetime, most: int) -> int:
        return await self._connection.execute(PURGE_SPENT, {"before": before, "most": most})

    async def _add_token(self, session: Session, token: RefreshToken) -> None:
        added = {"fingerprint": token.fingerprint, "session_id": session.id}
        await self._connection.execute(ADD_TOKEN, added)
