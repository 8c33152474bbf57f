"""What the task module asks of the world outside it."""

from collections.abc import Awaitable, Callable
from uuid import UUID


class UserDirectory:
    """Asks whoever keeps the accounts; `app/container.py` says who that is."""

    def __init__(self, has_active_user: Callable[[UUID], Awaitable[bool]]) -> None:
        self._has_active_user = has_active_user

    async def has_active_user(self, user_id: UUID, /) -> bool:
        return await self._has_active_user(user_id)
