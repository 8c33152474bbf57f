"""Verify an address, and so open the account."""

from collections.abc import Callable

import structlog

from app.modules.user.application.dto import PasswordWithToken
from app.modules.user.application.passwords_of_links import PasswordOfLink
from app.modules.user.application.registrations import open_account
from app.modules.user.domain.entities import EmailTaken
from app.modules.user.domain.one_time_tokens import InvalidToken, OneTimeToken
from app.modules.user.domain.registrations import Registration, WrongPassword
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class VerifyEmail:
    """Open the account of the registration that the token was sent for.

    It requires the password of that registration: otherwise a stranger who registers an address
    would have an account that its owner verifies. Raises InvalidToken, WrongPassword and
    TooManyRequests.
    """

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], password_of_link: PasswordOfLink, clock: Clock
    ) -> None:
        self._uow, self._password_of_link, self._clock = uow, password_of_link, clock

    async def execute(self, request: PasswordWithToken) -> None:
        registration = await self._find(request.token)
        await self._check(registration, request.password)
        try:
            async with self._uow() as uow:
                user = await open_account(uow, registration, now=self._clock.now())
                await uow.commit()
        except EmailTaken:  # another account has moved there; the answer does not show it
            raise InvalidToken from None
        log.info("verified", user_id=str(user.id), registration_id=str(registration.id))

    async def _find(self, token: str) -> Registration:
        async with self._uow() as uow:
            found = await uow.registrations.of_token(OneTimeToken(token), now=self._clock.now())
        if found is None:
            log.warning("link refused", kind="verify")
            raise InvalidToken
        return found

    async def _check(self, registration: Registration, password: str) -> None:
        about = f"registration {registration.id}"
        try:
            await self._password_of_link.check(password, registration.password_hash, about=about)
        except WrongPassword:
            log.warning("verification refused", registration_id=str(registration.id))
            raise
