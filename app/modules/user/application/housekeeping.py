"""What the user module forgets: by and by, and with an account; in parts, however much it is."""

import datetime as dt
from typing import Final

from app.core.events import MoreToDo, subscribe
from app.core.schedules import every
from app.modules.user.domain.events import UserDeleted
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.shared.application.base_usecase import Clock
from app.shared.domain.events import ScheduleTick

MOST_AT_ONCE: Final = 2_000
"""Rows that one transaction deletes: it has to end soon."""


@subscribe(UserDeleted, id="user.forget_answers_to")
class WhenUserDeletedForgetTheirAnswers:
    """What they were answered to calls with an Idempotency-Key holds whatever they wrote."""

    async def __call__(self, event: UserDeleted, uow: UserUnitOfWork) -> None:
        if await uow.users.forget_answers(event.user_id, most=MOST_AT_ONCE):
            raise MoreToDo


@subscribe(UserDeleted, id="user.forget_sessions_of")
class WhenUserDeletedForgetTheirSessions:
    """They were worth nothing without the account; now they are gone, with their tokens."""

    async def __call__(self, event: UserDeleted, uow: UserUnitOfWork) -> None:
        if await uow.sessions.purge_of(event.user_id, most=MOST_AT_ONCE):
            raise MoreToDo


@every(dt.timedelta(hours=1), id="user.forget_keys")
class ForgetOldKeys:
    """Delete API keys that expired over 30 days ago."""

    KEPT_AFTER_THEIR_END: Final = dt.timedelta(days=30)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        before = self._clock.now() - self.KEPT_AFTER_THEIR_END
        if await uow.keys.purge(before=before, most=MOST_AT_ONCE):
            raise MoreToDo


@every(dt.timedelta(hours=1), id="user.forget_sessions")
class ForgetOldSessions:
    """Delete sessions that ended over 30 days ago, with their tokens."""

    KEPT_AFTER_THEIR_END: Final = dt.timedelta(days=30)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        before = self._clock.now() - self.KEPT_AFTER_THEIR_END
        if await uow.sessions.purge(before=before, most=MOST_AT_ONCE):
            raise MoreToDo


@every(dt.timedelta(hours=1), id="user.forget_spent_tokens")
class ForgetSpentRefreshTokens:
    """Delete refresh tokens that were used so long ago that, unused, they would have expired.

    A living session gets a new one with each refresh, and so would keep all of its life.
    """

    def __init__(self, clock: Clock, limits: SessionLimits) -> None:
        self._clock, self._keep = clock, limits.idle

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        before = self._clock.now() - self._keep
        if await uow.sessions.purge_spent(before=before, most=MOST_AT_ONCE):
            raise MoreToDo


@every(dt.timedelta(hours=1), id="user.forget_tokens")
class ForgetOldTokens:
    """Delete one-time tokens that expired: nobody can use them, and they hold an address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        if await uow.tokens.purge(before=self._clock.now(), most=MOST_AT_ONCE):
            raise MoreToDo


@every(dt.timedelta(hours=1), id="user.forget_registrations")
class ForgetOldRegistrations:
    """Delete registrations that nobody verified: they hold what somebody wrote about an address."""

    def __init__(self, clock: Clock, keep: dt.timedelta) -> None:
        self._clock, self._keep = clock, keep

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        if await uow.registrations.purge(before=self._clock.now() - self._keep, most=MOST_AT_ONCE):
            raise MoreToDo
