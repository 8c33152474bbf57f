"""The storage that the use cases need."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from app.modules.user.domain.entities import User
from app.modules.user.domain.keys import ApiKey
from app.modules.user.domain.one_time_tokens import Grant, OneTimeToken, TokenKind
from app.modules.user.domain.registrations import Registration
from app.modules.user.domain.requests import AccountRequest
from app.modules.user.domain.sessions import RefreshToken, Session, SessionCookie
from app.shared.domain.unit_of_work import UnitOfWork
from app.shared.domain.value_objects import EmailAddress


class UserRepository(Protocol):
    async def get(self, id: UUID, /) -> User | None: ...
    async def get_by_email(self, email: EmailAddress, /) -> User | None: ...

    async def get_seen(self, user_id: UUID, /, *, version: int | None) -> User:
        """Return the account at the version that the caller saw; None accepts any version.

        Raises UserNotFound and StaleVersion.
        """
        ...

    async def active_admins(self) -> set[UUID]:
        """Return the active administrators, and lock them until the end of the transaction."""
        ...

    async def save(self, user: User, /) -> None: ...
    async def delete(self, user: User, /) -> None: ...

    async def forget_answers(self, user_id: UUID, /, *, most: int) -> int:
        """Delete the answers to the user's calls: they contain what it wrote; return how many."""
        ...

    async def renew_hash(self, user_id: UUID, /, *, old: str, new: str) -> None:
        """Store a stronger hash of the same password, unless the password changed meanwhile."""
        ...


class SessionRepository(Protocol):
    async def start(
        self, session: Session, token: RefreshToken | None, /, *, password_version: int
    ) -> bool:
        """Store a new session, with its first refresh token if it has any.

        Return False, and store nothing, if the account is closed or its password has changed: that
        was checked outside the transaction. Neither can change until the transaction ends.
        """
        ...

    async def get(self, session_id: UUID, /) -> Session | None: ...

    async def spend(
        self, token: RefreshToken, /, *, now: dt.datetime, repeat: str | None = None
    ) -> bool:
        """Mark the token as used; return False if it is unknown or was used before.

        Of several callers one succeeds. `repeat` is the fingerprint that identifies its repetition.
        """
        ...

    async def may_repeat(self, token: RefreshToken, /, *, repeat: str, since: dt.datetime) -> bool:
        """Return whether the caller with this fingerprint has used the token since then."""
        ...

    async def has(self, token: RefreshToken, /) -> bool:
        """Return whether the token was issued."""
        ...

    async def of_token(self, token: RefreshToken, /) -> Session | None:
        """Return the token's session, used or not; None if the account is closed."""
        ...

    async def continue_with(self, session: Session, token: RefreshToken, /) -> None:
        """Store the session's new limits and its next refresh token."""
        ...

    async def record_use(self, session: Session, /) -> None:
        """Store when the session was last used, and how long it lasts now."""
        ...

    async def revoke(self, session_id: UUID, /, *, now: dt.datetime) -> None:
        """End the session and make all its tokens invalid."""
        ...

    async def revoke_of(self, user_id: UUID, session_id: UUID, /, *, now: dt.datetime) -> bool:
        """End a session of the user; return False if the user has no such active session."""
        ...

    async def revoke_cookie(self, cookie: SessionCookie, /, *, now: dt.datetime) -> bool:
        """End the session of a cookie, of any user; return False if there is none."""
        ...

    async def renew_cookie(self, session_id: UUID, secret: str, /) -> bool:
        """Replace the secret of the session's cookie; return False if the session has no cookie."""
        ...

    async def revoke_all(
        self, user_id: UUID, /, *, now: dt.datetime, but: UUID | None = None
    ) -> None:
        """End all sessions of a user, except one if it is given."""
        ...

    async def revoke_beyond(self, most: int, user_id: UUID, /, *, now: dt.datetime) -> None:
        """End the least recently used sessions of a user, until only the allowed number is left."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Delete sessions that ended before then, and their tokens; return how many of both."""
        ...

    async def purge_of(self, user_id: UUID, /, *, most: int) -> int:
        """Delete sessions of a user and their tokens; return how many of both."""
        ...

    async def purge_spent(self, *, before: dt.datetime, most: int) -> int:
        """Delete refresh tokens that were used before then; return how many."""
        ...


class OneTimeTokenRepository(Protocol):
    async def add(self, grant: Grant, /) -> None: ...

    async def consume(self, token: OneTimeToken, kind: TokenKind, /) -> Grant | None:
        """Delete the token and return what it allowed; None if there is none.

        One caller succeeds.
        """
        ...

    async def forget(self, user_id: UUID, kind: TokenKind, /) -> None:
        """Delete all tokens of one kind."""
        ...

    async def forget_all(self, user_id: UUID, /) -> None:
        """Delete all tokens of an account."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Delete those that expired before then; return how many."""
        ...


class RegistrationRepository(Protocol):
    async def get(self, id: UUID, /) -> Registration | None: ...
    async def save(self, registration: Registration, /) -> None: ...

    async def newest_of(self, email: EmailAddress, /, *, most: int) -> list[Registration]:
        """Return the registrations of an address, the newest first."""
        ...

    async def add_token(
        self, registration: Registration, token: OneTimeToken, /, *, until: dt.datetime
    ) -> None:
        """Store a token for an email; earlier ones stay valid too."""
        ...

    async def of_token(self, token: OneTimeToken, /, *, now: dt.datetime) -> Registration | None:
        """Return the token's registration, None if it has expired."""
        ...

    async def forget(self, email: EmailAddress, /) -> int:
        """Delete all registrations of an address, with their tokens; return how many."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Delete those that were received before then; return how many."""
        ...


class AccountRequests(Protocol):
    async def add(self, request: AccountRequest, /) -> None: ...


class KeyRepository(Protocol):
    async def add(self, key: ApiKey, /, *, password_version: int, most: int) -> bool:
        """Store a new key. Raises QuotaExceeded beyond the limit, also for concurrent calls.

        Return False, and store nothing, if the account is closed or its password has changed: that
        was checked outside the transaction.
        """
        ...

    async def record_use(self, key_id: UUID, /, *, now: dt.datetime) -> None: ...

    async def delete(self, user_id: UUID, key_id: UUID, /) -> bool:
        """Delete a key of the user; return False if the user has no such key."""
        ...

    async def delete_all(self, user_id: UUID, /) -> None:
        """Delete all keys of a user."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Delete keys that expired before then; return how many."""
        ...


class UserUnitOfWork(UnitOfWork, Protocol):
    users: UserRepository
    sessions: SessionRepository
    tokens: OneTimeTokenRepository
    registrations: RegistrationRepository
    requests: AccountRequests
    keys: KeyRepository
