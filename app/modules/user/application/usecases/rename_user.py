"""Change what a person is called."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app.modules.user.application.dto import UserView
from app.modules.user.application.usecases.read_users import UserNotFound
from app.modules.user.domain.entities import FullName
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class NewName:
    user_id: UUID
    full_name: str | None


class RenameUser:
    """Change the name of an account; without a new one everything stays as it is."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: NewName) -> UserView:
        async with self._uow() as uow:
            user = await uow.users.get(request.user_id)
            if user is None:
                raise UserNotFound
            if request.full_name is not None:
                user.rename(FullName(request.full_name), now=self._clock.now())
                await uow.users.save(user)
                await uow.commit()
        return UserView.of(user)
