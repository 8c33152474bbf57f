"""The reads of the use cases: one statement each, outside any transaction."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from app.modules.user.application.dto import (
    KeyState,
    KeyView,
    SessionState,
    SessionView,
    StoredCredentials,
    UserView,
)
from app.shared.domain.value_objects import EmailAddress


class UserReader(Protocol):
    async def credentials(self, email: EmailAddress, /) -> StoredCredentials | None: ...

    async def credentials_of(self, user_id: UUID, /) -> StoredCredentials | None: ...

    async def session_state(self, session_id: UUID, /, *, now: dt.datetime) -> SessionState | None:
        """Return None for an unknown session."""
        ...

    async def user(self, user_id: UUID, /) -> UserView | None: ...

    async def page(self, *, offset: int, size: int) -> tuple[list[UserView], int]:
        """Return a page of the users, oldest first, and the number of all users."""
        ...


class SessionReader(Protocol):
    async def sessions(
        self, user_id: UUID, /, *, now: dt.datetime, current: UUID
    ) -> list[SessionView]:
        """Return the user's active sessions, the last used one first."""
        ...


class KeyReader(Protocol):
    async def state(self, fingerprint: str, /) -> KeyState | None:
        """Return None for an unknown key, or one of a closed account."""
        ...

    async def of_user(self, user_id: UUID, /) -> list[KeyView]:
        """Return the user's keys, oldest first."""
        ...
