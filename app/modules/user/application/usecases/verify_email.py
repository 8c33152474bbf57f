"""Show that an address is one's own."""

from collections.abc import Callable

import structlog

from app.modules.user.application.one_time_tokens import redeem
from app.modules.user.domain.one_time_tokens import TokenKind
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class VerifyEmail:
    """Verify the account that the token was sent for. Raises InvalidToken."""

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self, request: str) -> None:
        now = self._clock.now()
        async with self._uow() as uow:
            user = await redeem(uow, request, TokenKind.VERIFY, now=now)
            user.verify(now=now)
            await uow.users.save(user)
            await uow.commit()
        log.info("verified", user_id=str(user.id))
