"""Open an account."""

from collections.abc import Callable

import structlog

from app.core.passwords import PasswordHasher
from app.modules.user.application.dto import NewUser, RegistrationView
from app.modules.user.domain.entities import EmailTaken, FullName, User
from app.modules.user.domain.events import RegistrationRepeated
from app.modules.user.domain.passwords import PasswordRules
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.requests import AccountRequest
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")


class RegisterUser:
    """Open an account, or seem to: the answer never tells whether the address was known.

    Neither does its time: a known address is hashed for too, and its owner written to. What is left
    of a difference is the insertion of a row, a hundredth of the hash.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        hasher: PasswordHasher,
        rules: PasswordRules,
        clock: Clock,
        verified_at_once: bool,
    ) -> None:
        self._uow, self._hasher, self._rules, self._clock = uow, hasher, rules, clock
        self._verified_at_once = verified_at_once

    async def execute(self, request: NewUser) -> RegistrationView:
        email = EmailAddress.parse(request.email)
        full_name = FullName(request.full_name)
        password = self._rules.choose(request.password, email=email)
        password_hash = await self._hasher.hash(password.value)
        now = self._clock.now()
        user = User.register(email=email, full_name=full_name, password_hash=password_hash, now=now)
        if self._verified_at_once:
            user.verify(now=now)
        try:
            await self._open_or_tell(user)
        except EmailTaken:  # by somebody who was faster: now the account is there to be found
            await self._open_or_tell(user)
        return RegistrationView()

    async def _open_or_tell(self, user: User) -> None:
        async with self._uow() as uow:
            known = await uow.users.get_by_email(user.email)
            if known is None:
                await uow.users.save(user)
            else:
                event = RegistrationRepeated(user_id=known.id)
                await uow.requests.add(AccountRequest.made(event, now=user.created_at))
            await uow.commit()
        log.info(
            "registration repeated" if known else "registered", user_id=str((known or user).id)
        )
