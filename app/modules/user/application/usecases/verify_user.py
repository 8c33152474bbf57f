"""Mark an address as verified, from the command line."""

from collections.abc import Callable

from app.modules.user.application.registrations import open_account
from app.modules.user.domain.entities import UserNotFound
from app.modules.user.domain.registrations import SeveralRegistrations
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress


class VerifyUser:
    """Open the account of the one registration for an address.

    An existing account is verified and otherwise unchanged. Raises UserNotFound, and
    SeveralRegistrations if it is unknown which registration is the owner's.
    """

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: str) -> None:
        email, now = EmailAddress.parse(request), self._clock.now()
        async with self._uow() as uow:
            user = await uow.users.get_by_email(email)
            if user is None:
                waiting = await uow.registrations.newest_of(email, most=2)
                if not waiting:
                    raise UserNotFound
                if len(waiting) > 1:
                    raise SeveralRegistrations
                await open_account(uow, waiting[0], now=now)
            else:
                user.verify(now=now)
                await uow.users.save(user)
            await uow.commit()
