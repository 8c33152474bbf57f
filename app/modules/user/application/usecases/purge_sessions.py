"""Forget sessions that ended long ago."""

import datetime as dt
from collections.abc import Callable
from typing import Final

from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock


class PurgeSessions:
    """Delete sessions that ended over 30 days ago, with their tokens; return how many."""

    KEPT_AFTER_THEIR_END: Final = dt.timedelta(days=30)

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock) -> None:
        self._uow, self._clock = uow, clock

    async def execute(self) -> int:
        async with self._uow() as uow:
            before = self._clock.now() - self.KEPT_AFTER_THEIR_END
            purged = await uow.sessions.purge(before=before)
            await uow.commit()
        return purged
