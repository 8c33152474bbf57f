"""What the user module does when something happened."""

import datetime as dt
from typing import Final

from app.core.events import every, subscribe
from app.modules.user.domain.events import UserDeactivated
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.events import ScheduleTick


@subscribe(UserDeactivated, id="user.end_sessions")
class WhenUserDeactivatedEndTheirSessions:
    """Whoever may not use an account any more is signed out everywhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, event: UserDeactivated, uow: UserUnitOfWork) -> None:
        await uow.sessions.revoke_all(event.user_id, now=self._clock.now())


@every(dt.timedelta(hours=1), id="user.forget_sessions")
class ForgetOldSessions:
    """Delete sessions that ended over 30 days ago, with their tokens."""

    KEPT_AFTER_THEIR_END: Final = dt.timedelta(days=30)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        await uow.sessions.purge(before=self._clock.now() - self.KEPT_AFTER_THEIR_END)
