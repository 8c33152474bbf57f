"""Deletes the module's old data, and that of deleted accounts, in batches."""

import datetime as dt
from typing import Final

from app.core.endings import Continue
from app.core.events import subscribe
from app.core.schedules import every
from app.modules.user.domain.events import UserDeleted
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.shared.application.base_usecase import Clock
from app.shared.domain.events import ScheduleTick

MOST_AT_ONCE: Final = 2_000
"""The rows that one transaction deletes: it must end soon."""


@subscribe(UserDeleted, id="user.forget_answers_to")
class WhenUserDeletedForgetTheirAnswers:
    """The stored answers of the user's calls contain what the user wrote."""

    async def __call__(self, event: UserDeleted, uow: UserUnitOfWork) -> None:
        if await uow.users.forget_answers(event.user_id, most=MOST_AT_ONCE):
            raise Continue


@subscribe(UserDeleted, id="user.forget_sessions_of")
class WhenUserDeletedForgetTheirSessions:
    """Sessions are invalid without the account; this deletes them with their tokens."""

    async def __call__(self, event: UserDeleted, uow: UserUnitOfWork) -> None:
        if await uow.sessions.purge_of(event.user_id, most=MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(hours=1), id="user.forget_keys")
class ForgetOldKeys:
    """Delete API keys that expired over 30 days ago."""

    KEPT_AFTER_THEIR_END: Final = dt.timedelta(days=30)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        before = self._clock.now() - self.KEPT_AFTER_THEIR_END
        if await uow.keys.purge(before=before, most=MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(hours=1), id="user.forget_sessions")
class ForgetOldSessions:
    """Delete sessions that ended over 30 days ago, with their tokens."""

    KEPT_AFTER_THEIR_END: Final = dt.timedelta(days=30)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        before = self._clock.now() - self.KEPT_AFTER_THEIR_END
        if await uow.sessions.purge(before=before, most=MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(hours=1), id="user.forget_spent_tokens")
class ForgetSpentRefreshTokens:
    """Delete used refresh tokens after the time in which unused ones expire.

    An active session gets a new token with each refresh, and would otherwise keep all of them.
    """

    def __init__(self, clock: Clock, limits: SessionLimits) -> None:
        self._clock, self._keep = clock, limits.idle

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        before = self._clock.now() - self._keep
        if await uow.sessions.purge_spent(before=before, most=MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(hours=1), id="user.forget_tokens")
class ForgetOldTokens:
    """Delete expired one-time tokens: they are useless, and contain an address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        if await uow.tokens.purge(before=self._clock.now(), most=MOST_AT_ONCE):
            raise Continue


@every(dt.timedelta(hours=1), id="user.forget_registrations")
class ForgetOldRegistrations:
    """Delete unverified registrations: they contain personal data that may be another person's."""

    def __init__(self, clock: Clock, keep: dt.timedelta) -> None:
        self._clock, self._keep = clock, keep

    async def __call__(self, _tick: ScheduleTick, uow: UserUnitOfWork) -> None:
        if await uow.registrations.purge(before=self._clock.now() - self._keep, most=MOST_AT_ONCE):
            raise Continue
