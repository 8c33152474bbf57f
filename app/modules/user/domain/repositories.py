"""What the use cases ask of storage."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from app.modules.user.domain.entities import RefreshToken, Session, User
from app.shared.domain.unit_of_work import UnitOfWork
from app.shared.domain.value_objects import EmailAddress


class UserRepository(Protocol):
    async def get(self, id: UUID, /) -> User | None: ...
    async def get_by_email(self, email: EmailAddress, /) -> User | None: ...
    async def save(self, user: User, /) -> None: ...

    async def renew_hash(self, user_id: UUID, /, *, old: str, new: str) -> None:
        """Store the same password under stronger parameters, unless it was changed meanwhile."""
        ...


class SessionRepository(Protocol):
    async def start(self, session: Session, token: RefreshToken, /) -> None:
        """Store a new session with its first refresh token."""
        ...

    async def spend(self, token: RefreshToken, /, *, now: dt.datetime) -> bool:
        """Mark the token as used; False if it is unknown or was used before. One caller wins."""
        ...

    async def of_token(self, token: RefreshToken, /) -> Session | None:
        """Return the session that the token belongs to, spent or not; None of a closed account."""
        ...

    async def continue_with(self, session: Session, token: RefreshToken, /) -> None:
        """Store the session's new limits and its next refresh token."""
        ...

    async def revoke(self, session_id: UUID, /, *, now: dt.datetime) -> None:
        """End the session: none of its tokens is worth anything any more."""
        ...

    async def revoke_all(self, user_id: UUID, /, *, now: dt.datetime) -> None:
        """End all sessions of a user."""
        ...

    async def purge(self, *, before: dt.datetime) -> int:
        """Forget sessions that ended before then; return how many."""
        ...


class UserUnitOfWork(UnitOfWork, Protocol):
    users: UserRepository
    sessions: SessionRepository
