"""Record when a session or key was last used, without delaying the request."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

from app.core.exceptions import Unavailable
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.shared.application.base_usecase import Clock


class RecordUse:
    """Record the use of a cookie or a key, at most once a minute.

    A failed write is no reason to refuse the request.
    """

    EVERY: Final = dt.timedelta(minutes=1)

    def __init__(
        self, uow: Callable[[], UserUnitOfWork], limits: SessionLimits, clock: Clock
    ) -> None:
        self._uow, self._limits, self._clock = uow, limits, clock

    async def of_session(self, session_id: UUID, /, *, last: dt.datetime | None) -> None:
        """Extend a session with a cookie: it has no tokens to refresh."""
        now = self._clock.now()
        if last is not None and now - last < self.EVERY:
            return
        with suppress(Unavailable):
            async with self._uow() as uow:
                session = await uow.sessions.get(session_id)
                if session is not None and session.is_live(now=now):
                    session.extend(limits=self._limits, now=now)
                    await uow.sessions.record_use(session)
                    await uow.commit()

    async def of_key(self, key_id: UUID, /, *, last: dt.datetime | None) -> None:
        now = self._clock.now()
        if last is not None and now - last < self.EVERY:
            return
        with suppress(Unavailable):
            async with self._uow() as uow:
                await uow.keys.record_use(key_id, now=now)
                await uow.commit()
