"""How accounts and sessions are stored."""

import datetime as dt
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, insert, select, update

from app.core.exceptions import StaleVersion
from app.modules.user.domain.entities import (
    EmailTaken,
    FullName,
    RefreshToken,
    Role,
    Session,
    User,
    UserNotFound,
)
from app.modules.user.domain.requests import AccountRequest
from app.modules.user.infrastructure.keys import SqlKeyRepository
from app.modules.user.infrastructure.one_time_tokens import SqlOneTimeTokenRepository
from app.modules.user.infrastructure.tables import IS_ADMIN, refresh_token, user, user_session
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.event_log import EventCollector
from app.shared.infrastructure.idempotency import FORGET
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

BY_EMAIL = Query(select(user).where(user.c.email == bindparam("email")))
ACTIVE_ADMINS = Query(
    select(user.c.id)
    .where(user.c.is_active, user.c.verified_at.is_not(None), IS_ADMIN)
    .order_by(user.c.id)  # whoever else locks them does so in the same order
    .with_for_update()
)
RENEW_HASH = Query(
    update(user).where(
        user.c.id == bindparam("of_user"), user.c.password_hash == bindparam("old_hash")
    ),
    columns=["password_hash"],
)
_STARTED = {column.name: bindparam(column.name, type_=column.type) for column in user_session.c}
START_SESSION = Query(
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
ADD_TOKEN = Query(insert(refresh_token), columns=["fingerprint", "session_id"])
SPEND_TOKEN = Query(
    update(refresh_token).where(
        refresh_token.c.fingerprint == bindparam("presented"), refresh_token.c.spent_at.is_(None)
    ),
    columns=["spent_at", "repeat_fingerprint"],
)
REPEATABLE = Query(
    select(refresh_token.c.session_id).where(
        refresh_token.c.fingerprint == bindparam("presented"),
        refresh_token.c.repeat_fingerprint == bindparam("repeat"),
        refresh_token.c.spent_at >= bindparam("since"),
    )
)
TOKEN = Query(
    select(refresh_token.c.session_id).where(refresh_token.c.fingerprint == bindparam("presented"))
)
SESSION = Query(select(user_session).where(user_session.c.id == bindparam("session_id")))
SESSION_OF_TOKEN = Query(
    select(user_session)
    .join(refresh_token, refresh_token.c.session_id == user_session.c.id)
    .join(user, (user.c.id == user_session.c.user_id) & user.c.is_active)
    .where(refresh_token.c.fingerprint == bindparam("presented"))
)
EXTEND_SESSION = Query(
    update(user_session).where(user_session.c.id == bindparam("session_id")),
    columns=["expires_at", "last_used_at"],
)
REVOKE_SESSION = Query(
    update(user_session).where(
        user_session.c.id == bindparam("session_id"), user_session.c.revoked_at.is_(None)
    ),
    columns=["revoked_at"],
)
REVOKE_SESSION_OF_USER = Query(
    update(user_session).where(
        user_session.c.id == bindparam("session_id"),
        user_session.c.user_id == bindparam("of_user"),
        user_session.c.revoked_at.is_(None),
        user_session.c.expires_at > bindparam("now"),
    ),
    columns=["revoked_at"],
)
REVOKE_SESSIONS_OF_USER = Query(
    update(user_session).where(
        user_session.c.user_id == bindparam("of_user"),
        user_session.c.revoked_at.is_(None),
        user_session.c.id.is_distinct_from(bindparam("but", type_=Uuid)),
    ),
    columns=["revoked_at"],
)
PURGE_SESSIONS = Query(delete(user_session).where(user_session.c.expires_at < bindparam("before")))


class SqlUserRepository(BaseRepository[User]):
    table: ClassVar = user
    constraints: ClassVar = {"uq_user_email": EmailTaken}

    async def delete(self, user: User, /) -> None:
        await super().delete(user)
        await self._connection.execute(FORGET, {"of_user": user.id})

    async def get_by_email(self, email: EmailAddress, /) -> User | None:
        return await self._find(BY_EMAIL, email=email.value)

    async def get_seen(self, user_id: UUID, /, *, version: int | None) -> User:
        found = await self.get(user_id)
        if found is None:
            raise UserNotFound
        if version not in {None, found.version}:
            raise StaleVersion
        return found

    async def active_admins(self) -> set[UUID]:
        return {row["id"] for row in await self._connection.fetch_all(ACTIVE_ADMINS, {})}

    async def renew_hash(self, user_id: UUID, /, *, old: str, new: str) -> None:
        renewed = {"of_user": user_id, "old_hash": old, "password_hash": new}
        await self._connection.execute(RENEW_HASH, renewed)

    def to_row(self, aggregate: User) -> dict[str, Any]:
        return {
            "email": aggregate.email.value,
            "full_name": aggregate.full_name.value,
            "password_hash": aggregate.password_hash,
            "roles": sorted(aggregate.roles),
            "is_active": aggregate.is_active,
            "verified_at": aggregate.verified_at,
            "password_version": aggregate.password_version,
            "pending_email": _text(aggregate.pending_email),
            "previous_email": _text(aggregate.previous_email),
        }

    def to_aggregate(self, row: Row) -> User:
        return User(
            **self.identity(row),
            email=EmailAddress(row["email"]),
            full_name=FullName(row["full_name"]),
            password_hash=row["password_hash"],
            roles=frozenset(Role(role) for role in row["roles"]),
            is_active=row["is_active"],
            verified_at=row["verified_at"],
            password_version=row["password_version"],
            pending_email=_address(row["pending_email"]),
            previous_email=_address(row["previous_email"]),
        )


def _text(address: EmailAddress | None) -> str | None:
    return None if address is None else address.value


def _address(text: str | None) -> EmailAddress | None:
    return None if text is None else EmailAddress(text)


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
        await self.note_use(session)
        await self._add_token(session, token)

    async def note_use(self, session: Session, /) -> None:
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

    async def purge(self, *, before: dt.datetime) -> int:
        return await self._connection.execute(PURGE_SESSIONS, {"before": before})

    async def _add_token(self, session: Session, token: RefreshToken) -> None:
        added = {"fingerprint": token.fingerprint, "session_id": session.id}
        await self._connection.execute(ADD_TOKEN, added)


class EventAccountRequests:
    """Nothing of a request is stored but its event."""

    def __init__(self, events: EventCollector) -> None:
        self._events = events

    async def add(self, request: AccountRequest, /) -> None:
        self._events.collect(request)


class SqlUserUnitOfWork(SqlUnitOfWork):
    users: SqlUserRepository
    sessions: SqlSessionRepository
    tokens: SqlOneTimeTokenRepository
    requests: EventAccountRequests
    keys: SqlKeyRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.users = SqlUserRepository(connection, events)
        self.sessions = SqlSessionRepository(connection)
        self.tokens = SqlOneTimeTokenRepository(connection)
        self.requests = EventAccountRequests(events)
        self.keys = SqlKeyRepository(connection)
