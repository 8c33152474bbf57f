"""Storage of accounts."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.modules.user.domain.entities import EmailTaken, FullName, User, UserNotFound
from app.modules.user.domain.repositories import (
    AccountRequests,
    KeyRepository,
    OneTimeTokenRepository,
    RegistrationRepository,
    SessionRepository,
    UserRepository,
)
from app.modules.user.domain.requests import AccountRequest
from app.modules.user.infrastructure.keys import SqlKeyRepository
from app.modules.user.infrastructure.one_time_tokens import SqlOneTimeTokenRepository
from app.modules.user.infrastructure.registrations import SqlRegistrationRepository
from app.modules.user.infrastructure.sessions import SqlSessionRepository
from app.modules.user.infrastructure.tables import IS_ADMIN, user
from app.shared.domain.value_objects import EmailAddress
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.idempotency import FORGET
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork

BY_EMAIL = Statement(select(user).where(user.c.email == bindparam("email")))
ACTIVE_ADMINS = Statement(
    select(user.c.id)
    .where(user.c.is_active, user.c.verified_at.is_not(None), IS_ADMIN)
    .order_by(user.c.id)  # all that lock them use the same order
    .with_for_update()
)
RENEW_HASH = Statement(
    update(user).where(
        user.c.id == bindparam("of_user"), user.c.password_hash == bindparam("old_hash")
    ),
    columns=["password_hash"],
)


class SqlUserRepository(BaseRepository[User]):
    table: ClassVar = user
    constraints: ClassVar = {"uq_user_email": EmailTaken}
    not_found: ClassVar = UserNotFound

    async def get_by_email(self, email: EmailAddress, /) -> User | None:
        return await self._find(BY_EMAIL, email=email.key)

    async def get_seen(self, user_id: UUID, /, *, version: int | None) -> User:
        return self._checked(await self.get(user_id), version=version)

    async def active_admins(self) -> set[UUID]:
        return {row["id"] for row in await self._connection.fetch_all(ACTIVE_ADMINS, {})}

    async def forget_answers(self, user_id: UUID, /, *, most: int) -> int:
        return await self._connection.execute(FORGET, {"of_user": user_id, "most": most})

    async def renew_hash(self, user_id: UUID, /, *, old: str, new: str) -> None:
        renewed = {"of_user": user_id, "old_hash": old, "password_hash": new}
        await self._connection.execute(RENEW_HASH, renewed)

    def to_row(self, aggregate: User) -> dict[str, Any]:
        return {
            "email": aggregate.email.key,
            "typed_email": _respelled(aggregate.email),
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
            email=EmailAddress(row["typed_email"] or row["email"]),
            full_name=FullName(row["full_name"]),
            password_hash=row["password_hash"],
            roles=frozenset(row["roles"]),
            is_active=row["is_active"],
            verified_at=row["verified_at"],
            password_version=row["password_version"],
            pending_email=_address(row["pending_email"]),
            previous_email=_address(row["previous_email"]),
        )


def _respelled(address: EmailAddress) -> str | None:
    return None if address.value == address.key else address.value


def _text(address: EmailAddress | None) -> str | None:
    return None if address is None else address.value


def _address(text: str | None) -> EmailAddress | None:
    return None if text is None else EmailAddress(text)


class EventAccountRequests:
    """Only the event of a request is stored."""

    def __init__(self, events: EventCollector) -> None:
        self._events = events

    async def add(self, request: AccountRequest, /) -> None:
        self._events.collect(request)


class SqlUserUnitOfWork(SqlUnitOfWork):
    users: UserRepository
    sessions: SessionRepository
    tokens: OneTimeTokenRepository
    registrations: RegistrationRepository
    requests: AccountRequests
    keys: KeyRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.users = SqlUserRepository(connection, events)
        self.sessions = SqlSessionRepository(connection)
        self.tokens = SqlOneTimeTokenRepository(connection)
        self.registrations = SqlRegistrationRepository(connection, events)
        self.requests = EventAccountRequests(events)
        self.keys = SqlKeyRepository(connection, events)
