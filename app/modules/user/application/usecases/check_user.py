"""Answers other modules' question about an account."""

from uuid import UUID

from app.modules.user.application.readers import UserReader


class HasActiveUser:
    """Return whether the user exists, is active and verified."""

    def __init__(self, reader: UserReader) -> None:
        self._reader = reader

    async def execute(self, request: UUID) -> bool:
        user = await self._reader.user(request)
        return user is not None and user.is_active and user.verified_at is not None
