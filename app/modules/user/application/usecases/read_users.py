"""Look at accounts."""

from uuid import UUID

from app.core.exceptions import NotFound
from app.modules.user.application.dto import UserPageRequest, UserView
from app.modules.user.application.readers import UserReader
from app.shared.application.dto import PaginatedResponse


class UserNotFound(NotFound):
    """There is no such account."""

    code = "user_not_found"
    message = "There is no such user."


class ReadUser:
    """One account."""

    def __init__(self, reader: UserReader) -> None:
        self._reader = reader

    async def execute(self, request: UUID) -> UserView:
        user = await self._reader.user(request)
        if user is None:
            raise UserNotFound
        return user


class ListUsers:
    """All accounts, page by page, oldest first."""

    def __init__(self, reader: UserReader) -> None:
        self._reader = reader

    async def execute(self, request: UserPageRequest) -> PaginatedResponse[UserView]:
        offset = (request.page - 1) * request.size
        users, total = await self._reader.page(offset=offset, size=request.size)
        return PaginatedResponse.of(users, total=total, page=request.page, size=request.size)
