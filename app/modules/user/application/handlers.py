"""What the user module does when something happened."""

import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar

from app.core.events import MoreToDo, PublishedEvent, every, subscribe
from app.modules.user.application.letters import AccountLetters
from app.modules.user.application.mails import Letter
from app.modules.user.domain.events import (
    EmailChanged,
    EmailChangeRequested,
    KeyMade,
    PasswordChanged,
    PasswordResetRequested,
    RegistrationRepeated,
    UserDeactivated,
    UserDeleted,
    UserRegistered,
    VerificationRequested,
)
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionLimits
from app.shared.application.base_usecase import Clock
from app.shared.domain.events import ScheduleTick

H = TypeVar("H")

MOST_AT_ONCE: Final = 2_000
"""Rows that one transaction deletes: it has to end soon."""


@subscribe(UserDeactivated, id="user.end_sessions")
class WhenUserDeactivatedEndTheirSessions:
    """Whoever may not use an account any more is signed out everywhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, event: UserDeactivated, uow: UserUnitOfWork) -> None:
        await uow.sessions.revoke_all(event.user_id, now=self._clock.now())


@subscribe(UserDeactivated, id="user.delete_keys")
class WhenUserDeactivatedDeleteTheirKeys:
    """An account that is opened again starts without the keys of before."""

    async def __call__(self, event: UserDeactivated, uow: UserUnitOfWork) -> None:
        await uow.keys.delete_all(event.user_id)


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


# --- Letters ------------------------------------------------------------------------------------


def _by_mail(event: type[PublishedEvent], *, id: str) -> Callable[[type[H]], type[H]]:
    return subscribe(
        event,
        id=id,
        on_dead="skip",
        max_attempts=15,  # for about six hours
        timeout=60.0,
        transactional=False,
        urgent=True,  # somebody waits for a link, or has to learn at once what was done
    )


class _ByMail:
    def __init__(self, letters: AccountLetters) -> None:
        self._letters = letters


@_by_mail(UserRegistered, id="user.mail_verification")
class WhenUserRegisteredSendTheVerification(_ByMail):
    """Whoever registered gets a link, which shows that the address is theirs."""

    async def __call__(self, event: UserRegistered, key: str) -> None:
        await self._letters.verify(event.user_id, key=key)


@_by_mail(VerificationRequested, id="user.mail_verification_again")
class WhenVerificationRequestedSendItAgain(_ByMail):
    """Who did not get the link, or was too late for it, gets another."""

    async def __call__(self, event: VerificationRequested, key: str) -> None:
        await self._letters.verify(event.user_id, key=key)


@_by_mail(RegistrationRepeated, id="user.mail_already_registered")
class WhenRegistrationRepeatedTellTheOwner(_ByMail):
    """Who has an account and forgot it is helped; who did not ask learns of it."""

    async def __call__(self, event: RegistrationRepeated, key: str) -> None:
        await self._letters.tell_registered(event.user_id, key=key)


@_by_mail(PasswordResetRequested, id="user.mail_password_reset")
class WhenPasswordResetRequestedSendTheLink(_ByMail):
    """Who forgot their password gets a link that sets another."""

    async def __call__(self, event: PasswordResetRequested, key: str) -> None:
        await self._letters.reset(event.user_id, key=key)


@_by_mail(PasswordChanged, id="user.mail_password_changed")
class WhenPasswordChangedTellTheOwner(_ByMail):
    """Whose password was changed by somebody else can do something about it."""

    async def __call__(self, event: PasswordChanged, key: str) -> None:
        await self._letters.notify(Letter.PASSWORD_CHANGED, event.user_id, key=key)


@_by_mail(KeyMade, id="user.mail_key_made")
class WhenKeyMadeTellTheOwner(_ByMail):
    """Who did not make the key learns that somebody else acts for them."""

    async def __call__(self, event: KeyMade, key: str) -> None:
        await self._letters.notify(Letter.KEY_MADE, event.user_id, key=key)


@_by_mail(EmailChangeRequested, id="user.mail_address_confirmation")
class WhenEmailChangeRequestedSendTheLink(_ByMail):
    """The new address gets a link, which shows that it is theirs."""

    async def __call__(self, event: EmailChangeRequested, key: str) -> None:
        await self._letters.confirm_address(event.user_id, key=key)


@_by_mail(EmailChangeRequested, id="user.mail_address_change_asked")
class WhenEmailChangeRequestedTellTheOldAddress(_ByMail):
    """As long as the old address stands its owner can still stop it."""

    async def __call__(self, event: EmailChangeRequested, key: str) -> None:
        await self._letters.notify(Letter.ADDRESS_CHANGE_ASKED, event.user_id, key=key)


@_by_mail(EmailChanged, id="user.mail_address_changed")
class WhenEmailChangedTellTheOldAddress(_ByMail):
    """Whose account has moved away learns of it where they were."""

    async def __call__(self, event: EmailChanged, key: str) -> None:
        await self._letters.tell_moved(event.user_id, key=key)


BY_MAIL: Final = (
    WhenUserRegisteredSendTheVerification,
    WhenVerificationRequestedSendItAgain,
    WhenRegistrationRepeatedTellTheOwner,
    WhenPasswordResetRequestedSendTheLink,
    WhenPasswordChangedTellTheOwner,
    WhenKeyMadeTellTheOwner,
    WhenEmailChangeRequestedSendTheLink,
    WhenEmailChangeRequestedTellTheOldAddress,
    WhenEmailChangedTellTheOldAddress,
)
"""The handlers that write letters."""
