"""Vouch for the address of an account, from the command line."""

from collections.abc import Callable

from app.modules.user.domain.entities import UserNotFound
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress


class VerifyUser:
    """Mark an account as verified. Raises UserNotFound."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: str) -> None:
        async with self._uow() as uow:
            user = await uow.users.get_by_email(EmailAddress.parse(request))
            if user is None:
                raise UserNotFound
            user.verify(now=self._clock.now())
            await uow.users.save(user)
            await uow.commit()
