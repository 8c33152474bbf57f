"""The event handlers of the user module."""

from collections.abc import Callable
from typing import Final, TypeVar

from app.core.events import PublishedEvent, subscribe
from app.modules.user.application.email_sender import AccountEmail
from app.modules.user.application.emails import AccountEmails
from app.modules.user.domain.events import (
    EmailChanged,
    EmailChangeRequested,
    KeyMade,
    PasswordChanged,
    PasswordResetRequested,
    RegistrationReceived,
    UserDeactivated,
    VerificationRequested,
)
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

H = TypeVar("H")


@subscribe(UserDeactivated, id="user.end_sessions")
class WhenUserDeactivatedEndTheirSessions:
    """When an account is closed, all its sessions end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, event: UserDeactivated, uow: UserUnitOfWork) -> None:
        await uow.sessions.revoke_all(event.user_id, now=self._clock.now())


@subscribe(UserDeactivated, id="user.delete_keys")
class WhenUserDeactivatedDeleteTheirKeys:
    """An account that is opened again has none of its former keys."""

    async def __call__(self, event: UserDeactivated, uow: UserUnitOfWork) -> None:
        await uow.keys.delete_all(event.user_id)


# --- Emails -------------------------------------------------------------------------------------


def _by_email(event: type[PublishedEvent], *, id: str) -> Callable[[type[H]], type[H]]:
    return subscribe(
        event,
        id=id,
        on_dead="skip",
        max_attempts=15,  # for about six hours
        timeout=60.0,
        transactional=False,
        priority="high",  # the user waits for a link, or must learn at once what happened
    )


class _ByEmail:
    def __init__(self, emails: AccountEmails) -> None:
        self._emails = emails


@_by_email(RegistrationReceived, id="user.email_registration")
class WhenRegistrationReceivedSendTheLink(_ByEmail):
    """A registration's address gets a link, which proves that the address is the owner's.

    An owner who forgot the account is reminded; one who did not register learns about it.
    """

    async def __call__(self, event: RegistrationReceived, key: str) -> None:
        await self._emails.verify(event.registration_id, key=key)


@_by_email(VerificationRequested, id="user.email_verification_again")
class WhenVerificationRequestedSendItAgain(_ByEmail):
    """A registration whose link was lost or has expired gets another link."""

    async def __call__(self, event: VerificationRequested, key: str) -> None:
        await self._emails.verify(event.registration_id, key=key)


@_by_email(PasswordResetRequested, id="user.email_password_reset")
class WhenPasswordResetRequestedSendTheLink(_ByEmail):
    """An owner who forgot the password gets a link that resets it."""

    async def __call__(self, event: PasswordResetRequested, key: str) -> None:
        await self._emails.reset(event.user_id, key=key)


@_by_email(PasswordChanged, id="user.email_password_changed")
class WhenPasswordChangedNotifyTheOwner(_ByEmail):
    """The owner can react if another person changed the password."""

    async def __call__(self, event: PasswordChanged, key: str) -> None:
        await self._emails.notify(AccountEmail.PASSWORD_CHANGED, event.user_id, key=key)


@_by_email(KeyMade, id="user.email_key_made")
class WhenKeyMadeNotifyTheOwner(_ByEmail):
    """The owner can react if another person created the key."""

    async def __call__(self, event: KeyMade, key: str) -> None:
        await self._emails.notify(AccountEmail.KEY_MADE, event.user_id, key=key)


@_by_email(EmailChangeRequested, id="user.email_address_confirmation")
class WhenEmailChangeRequestedSendTheLink(_ByEmail):
    """The new address gets a link, which proves that it is the owner's."""

    async def __call__(self, event: EmailChangeRequested, key: str) -> None:
        await self._emails.confirm_address(event.user_id, key=key)


@_by_email(EmailChangeRequested, id="user.email_address_change_asked")
class WhenEmailChangeRequestedNotifyTheOldAddress(_ByEmail):
    """While the old address is in use its owner can still stop the change."""

    async def __call__(self, event: EmailChangeRequested, key: str) -> None:
        await self._emails.notify(AccountEmail.ADDRESS_CHANGE_ASKED, event.user_id, key=key)


@_by_email(EmailChanged, id="user.email_address_changed")
class WhenEmailChangedNotifyTheOldAddress(_ByEmail):
    """The owner of the old address learns about the change."""

    async def __call__(self, event: EmailChanged, key: str) -> None:
        await self._emails.send_moved(event.user_id, key=key)


BY_EMAIL: Final = (
    WhenRegistrationReceivedSendTheLink,
    WhenVerificationRequestedSendItAgain,
    WhenPasswordResetRequestedSendTheLink,
    WhenPasswordChangedNotifyTheOwner,
    WhenKeyMadeNotifyTheOwner,
    WhenEmailChangeRequestedSendTheLink,
    WhenEmailChangeRequestedNotifyTheOldAddress,
    WhenEmailChangedNotifyTheOldAddress,
)
"""The handlers that send emails."""
