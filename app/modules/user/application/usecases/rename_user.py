"""Change the name of a user."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app.modules.user.application.dto import UserView
from app.modules.user.domain.entities import FullName
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class NewName:
    """The new name of a user; `version` is the version that the caller saw."""

    user_id: UUID
    version: int | None
    full_name: str | None


class RenameUser:
    """Change the name of an account; without a new name nothing changes."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: NewName) -> UserView:
        async with self._uow() as uow:
            user = await uow.users.get_seen(request.user_id, version=request.version)
            if request.full_name is not None:
                user.rename(FullName(request.full_name), now=self._clock.now())
                await uow.users.save(user)
                await uow.commit()
        return UserView.of(user)
