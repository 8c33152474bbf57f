"""Answers other modules' question about the recipient of an email."""

from uuid import UUID

from app.modules.user.application.dto import Contact
from app.modules.user.application.readers import UserReader


class FindContact:
    """Return the address of an active and verified user, or None: others get no email."""

    def __init__(self, reader: UserReader) -> None:
        self._reader = reader

    async def execute(self, request: UUID) -> Contact | None:
        user = await self._reader.user(request)
        if user is None or not user.is_active or user.verified_at is None:
            return None
        return Contact(email=user.email, full_name=user.full_name)
