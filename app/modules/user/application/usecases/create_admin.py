"""Create the first administrator, from the command line."""

import secrets
from collections.abc import Callable

from app.core.identity.passwords import PasswordHasher
from app.modules.user.domain.entities import FullName, Role, User
from app.modules.user.domain.passwords import Password
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress


class CreateAdmin:
    """Create a verified account with the admin role and return its password, only this once.

    Raises EmailTaken if the address has an account.
    """

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], hasher: PasswordHasher, clock: Clock
    ) -> None:
        self._uow, self._hasher, self._clock = uow, hasher, clock

    async def execute(self, request: str) -> str:
        email = EmailAddress.parse(request)
        password = Password(secrets.token_urlsafe(18))
        now = self._clock.now()
        user = User.register(
            email=email,
            full_name=FullName("Administrator"),
            password_hash=await self._hasher.hash(password.value),
            now=now,
        )
        user.verify(now=now)
        user.give_roles(frozenset(Role), now=now)
        async with self._uow() as uow:
            await uow.users.save(user)
            await uow.registrations.forget(email)
            await uow.commit()
        return password.value
