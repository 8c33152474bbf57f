"""Read accounts."""

from uuid import UUID

from app.modules.user.application.dto import UserPageRequest, UserView
from app.modules.user.application.readers import UserReader
from app.modules.user.domain.entities import UserNotFound
from app.shared.application.dto import PaginatedResponse


class ReadUser:
    """Return one account."""

    def __init__(self, reader: UserReader) -> None:
        self._reader = reader

    async def execute(self, request: UUID) -> UserView:
        user = await self._reader.user(request)
        if user is None:
            raise UserNotFound
        return user


class ListUsers:
    """Return a page of all accounts, oldest first."""

    def __init__(self, reader: UserReader) -> None:
        self._reader = reader

    async def execute(self, request: UserPageRequest) -> PaginatedResponse[UserView]:
        offset = (request.page - 1) * request.size
        users, total = await self._reader.page(offset=offset, size=request.size)
        return PaginatedResponse.of(users, total=total, page=request.page, size=request.size)
