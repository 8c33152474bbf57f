"""End the session of the request."""

from collections.abc import Callable

import structlog

from app.core.security import Actor
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class SignOut:
    """End the session; its access tokens are refused at once, not only when they expire."""

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], authenticate: Authenticate, clock: Clock
    ) -> None:
        self._uow, self._authenticate, self._clock = uow, authenticate, clock

    async def execute(self, request: Actor) -> None:
        async with self._uow() as uow:
            await uow.sessions.revoke(request.session_id, now=self._clock.now())
            await uow.commit()
        self._authenticate.forget(request.session_id)
        log.info("signed out", user_id=str(request.user_id), session_id=str(request.session_id))
