"""Confirm a new address of the account."""

from collections.abc import Callable

import structlog

from app.modules.user.application.dto import PasswordWithToken
from app.modules.user.application.one_time_tokens import redeem
from app.modules.user.application.passwords_of_links import PasswordOfLink
from app.modules.user.domain.entities import EmailTaken, User
from app.modules.user.domain.one_time_tokens import InvalidToken, TokenKind
from app.modules.user.domain.registrations import WrongPassword
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class ConfirmEmailChange:
    """Move the account to the address that the token was sent to.

    It requires the account's password: otherwise an attacker could move an account to an address
    whose owner takes the link for their own. Raises InvalidToken, WrongPassword and
    TooManyRequests. InvalidToken is also raised if the address was taken meanwhile, so that the
    answer does not show it.
    """

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], password_of_link: PasswordOfLink, clock: Clock
    ) -> None:
        self._uow, self._password_of_link, self._clock = uow, password_of_link, clock

    async def execute(self, request: PasswordWithToken) -> None:
        await self._check(request)
        now = self._clock.now()
        try:
            async with self._uow() as uow:
                user = await redeem(uow, request.token, TokenKind.CHANGE_ADDRESS, now=now)
                await uow.tokens.forget_all(user.id)
                user.take_address(now=now)
                await uow.registrations.forget(user.email)
                await uow.users.save(user)
                await uow.commit()
        except EmailTaken:
            raise InvalidToken from None
        log.info("address changed", user_id=str(user.id))

    async def _check(self, request: PasswordWithToken) -> None:
        user = await self._look_at(request.token)
        about = f"address of {user.id}"
        try:
            await self._password_of_link.check(request.password, user.password_hash, about=about)
        except WrongPassword:
            log.warning("address change refused", user_id=str(user.id))
            raise

    async def _look_at(self, token: str) -> User:
        """Only read: a wrong password consumes no token, and no transaction waits for a hash."""
        async with self._uow() as uow:
            return await redeem(uow, token, TokenKind.CHANGE_ADDRESS, now=self._clock.now())
