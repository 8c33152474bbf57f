"""Open an account."""

from collections.abc import Callable

from app.core.passwords import PasswordHasher
from app.modules.user.application.dto import NewUser, RegistrationView
from app.modules.user.domain.entities import EmailTaken, FullName, Password, User
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress


class RegisterUser:
    """Open an account, or seem to: the answer never tells whether the address was known."""

    def __init__(
        self,
        uow: Callable[[], UserUnitOfWork],
        hasher: PasswordHasher,
        clock: Clock,
        *,
        verified_at_once: bool,
    ) -> None:
        self._uow, self._hasher, self._clock = uow, hasher, clock
        self._verified_at_once = verified_at_once

    async def execute(self, request: NewUser) -> RegistrationView:
        email = EmailAddress.parse(request.email)
        full_name = FullName(request.full_name)
        password = Password.chosen_for(email, request.password)
        # Hashed in any case, so that a known address takes as long as a new one.
        password_hash = await self._hasher.hash(password.value)
        now = self._clock.now()
        user = User.register(email=email, full_name=full_name, password_hash=password_hash, now=now)
        if self._verified_at_once:
            user.verify(now=now)
        try:
            async with self._uow() as uow:
                await uow.users.save(user)
                await uow.commit()
        except EmailTaken:
            pass
        return RegistrationView()
