"""Show that the address which was asked for is one's own."""

from collections.abc import Callable

import structlog

from app.modules.user.application.one_time_tokens import redeem
from app.modules.user.domain.entities import EmailTaken
from app.modules.user.domain.one_time_tokens import InvalidToken, TokenKind
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class ConfirmEmailChange:
    """Move the account to the address that the token was sent to. Raises InvalidToken.

    Also where somebody else has taken the address meanwhile: it is not said who has which.
    """

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: str) -> None:
        now = self._clock.now()
        try:
            async with self._uow() as uow:
                user = await redeem(uow, request, TokenKind.CHANGE_ADDRESS, now=now)
                await uow.tokens.forget_all(user.id)
                user.take_address(now=now)
                await uow.users.save(user)
                await uow.commit()
        except EmailTaken:
            raise InvalidToken from None
        log.info("address changed", user_id=str(user.id))
