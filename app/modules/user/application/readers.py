"""What the use cases read around the domain: one statement each, outside any transaction."""

import datetime as dt
from typing import Protocol
from uuid import UUID

from app.modules.user.application.dto import SessionState, StoredCredentials, UserView
from app.shared.domain.value_objects import EmailAddress


class UserReader(Protocol):
    async def credentials(self, email: EmailAddress, /) -> StoredCredentials | None: ...

    async def credentials_of(self, user_id: UUID, /) -> StoredCredentials | None: ...

    async def session_state(self, session_id: UUID, /, *, now: dt.datetime) -> SessionState | None:
        """Return None for a session that is not known."""
        ...

    async def user(self, user_id: UUID, /) -> UserView | None: ...

    async def page(self, *, offset: int, size: int) -> tuple[list[UserView], int]:
        """Return some of the users, oldest first, and how many there are in all."""
        ...
