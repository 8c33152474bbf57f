"""What the use cases ask of storage."""

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
        """Return the account, as the caller saw it; None takes whichever version there is.

        Raises UserNotFound and StaleVersion.
        """
        ...

    async def active_admins(self) -> set[UUID]:
        """Return who can administer the service. Nobody can change them until we are done."""
        ...

    async def save(self, user: User, /) -> None: ...
    async def delete(self, user: User, /) -> None: ...

    async def forget_answers(self, user_id: UUID, /, *, most: int) -> int:
        """Forget what the user was answered: it holds what they wrote; return how many."""
        ...

    async def renew_hash(self, user_id: UUID, /, *, old: str, new: str) -> None:
        """Store the same password under stronger parameters, unless it was changed meanwhile."""
        ...


class SessionRepository(Protocol):
    async def start(
        self, session: Session, token: RefreshToken | None, /, *, password_version: int
    ) -> bool:
        """Store a new session, with its first refresh token if it has any.

        False, and nothing stored, if the account is closed or has another password than that: it is
        checked outside any transaction. Neither changes then until we are done.
        """
        ...

    async def get(self, session_id: UUID, /) -> Session | None: ...

    async def spend(
        self, token: RefreshToken, /, *, now: dt.datetime, repeat: str | None = None
    ) -> bool:
        """Mark the token as used; False if it is unknown or was used before. One caller wins.

        `repeat` is the fingerprint by which the winner is known again.
        """
        ...

    async def may_repeat(self, token: RefreshToken, /, *, repeat: str, since: dt.datetime) -> bool:
        """Tell whether the token was used since then by whoever is known by the fingerprint."""
        ...

    async def has(self, token: RefreshToken, /) -> bool:
        """Tell whether the token was given out."""
        ...

    async def of_token(self, token: RefreshToken, /) -> Session | None:
        """Return the session that the token belongs to, spent or not; None of a closed account."""
        ...

    async def continue_with(self, session: Session, token: RefreshToken, /) -> None:
        """Store the session's new limits and its next refresh token."""
        ...

    async def record_use(self, session: Session, /) -> None:
        """Store when the session was used last, and how long it lasts now."""
        ...

    async def revoke(self, session_id: UUID, /, *, now: dt.datetime) -> None:
        """End the session: none of its tokens is worth anything any more."""
        ...

    async def revoke_of(self, user_id: UUID, session_id: UUID, /, *, now: dt.datetime) -> bool:
        """End a session of the user's; False if they have no such session that is live."""
        ...

    async def revoke_cookie(self, cookie: SessionCookie, /, *, now: dt.datetime) -> bool:
        """End the session that a cookie stands for, whosever; False if there is none."""
        ...

    async def renew_cookie(self, session_id: UUID, secret: str, /) -> bool:
        """Have another secret stand for the session; False if it is none of a cookie."""
        ...

    async def revoke_all(
        self, user_id: UUID, /, *, now: dt.datetime, but: UUID | None = None
    ) -> None:
        """End all sessions of a user, but for one perhaps."""
        ...

    async def revoke_beyond(self, most: int, user_id: UUID, /, *, now: dt.datetime) -> None:
        """End those sessions of a user that were unused for longest, until no more are left."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Forget sessions that ended before then, and their tokens; return how many of both."""
        ...

    async def purge_of(self, user_id: UUID, /, *, most: int) -> int:
        """Forget sessions of a user and their tokens; return how many of both."""
        ...

    async def purge_spent(self, *, before: dt.datetime, most: int) -> int:
        """Forget refresh tokens that were used before then; return how many."""
        ...


class OneTimeTokenRepository(Protocol):
    async def add(self, grant: Grant, /) -> None: ...

    async def consume(self, token: OneTimeToken, kind: TokenKind, /) -> Grant | None:
        """Remove the token and return what it allowed; None if there is none. One caller wins."""
        ...

    async def forget(self, user_id: UUID, kind: TokenKind, /) -> None:
        """Make all tokens of one kind worthless."""
        ...

    async def forget_all(self, user_id: UUID, /) -> None:
        """Make all tokens of an account worthless."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Remove those that expired before then; return how many."""
        ...


class RegistrationRepository(Protocol):
    async def get(self, id: UUID, /) -> Registration | None: ...
    async def save(self, registration: Registration, /) -> None: ...

    async def newest_of(self, email: EmailAddress, /, *, most: int) -> list[Registration]:
        """Return those that wait for an address, the newest first."""
        ...

    async def add_token(
        self, registration: Registration, token: OneTimeToken, /, *, until: dt.datetime
    ) -> None:
        """Store what whoever has the mail shows; those before it are good as well."""
        ...

    async def of_token(self, token: OneTimeToken, /, *, now: dt.datetime) -> Registration | None:
        """Return the registration that the token was sent for, None after its end."""
        ...

    async def forget(self, email: EmailAddress, /) -> int:
        """Make all that wait for an address void, with their tokens; return how many."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Forget those that were received before then; return how many."""
        ...


class AccountRequests(Protocol):
    async def add(self, request: AccountRequest, /) -> None: ...


class KeyRepository(Protocol):
    async def add(self, key: ApiKey, /, *, password_version: int, most: int) -> bool:
        """Store a new key. Raises QuotaExceeded beyond the most, of however many made at once.

        False, and nothing stored, if the account is closed or has another password than that: it is
        checked outside any transaction.
        """
        ...

    async def record_use(self, key_id: UUID, /, *, now: dt.datetime) -> None: ...

    async def delete(self, user_id: UUID, key_id: UUID, /) -> bool:
        """Forget a key of the user's; False if they have no such key."""
        ...

    async def delete_all(self, user_id: UUID, /) -> None:
        """Forget all keys of a user."""
        ...

    async def purge(self, *, before: dt.datetime, most: int) -> int:
        """Forget keys that expired before then; return how many."""
        ...


class UserUnitOfWork(UnitOfWork, Protocol):
    users: UserRepository
    sessions: SessionRepository
    tokens: OneTimeTokenRepository
    registrations: RegistrationRepository
    requests: AccountRequests
    keys: KeyRepository
