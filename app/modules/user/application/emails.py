"""Emails to the owners of accounts, with the state of the account when the email is sent."""

from collections.abc import Callable
from uuid import UUID

from app.core.endings import Discard
from app.modules.user.application.email_sender import AccountEmail, AccountEmailSender
from app.modules.user.application.one_time_tokens import issue
from app.modules.user.domain.entities import User
from app.modules.user.domain.one_time_tokens import OneTimeToken, TokenKind, TokenLifetimes
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.email import Recipient


class AccountEmails:
    """Every email about an account. Raises Discard if there is no reason for it any more.

    A token is created here, by the sender, and stored before it is sent: no event contains one. A
    repeated delivery creates another token; both work until one is used.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        email_sender: AccountEmailSender,
        lifetimes: TokenLifetimes,
        clock: Clock,
    ) -> None:
        self._uow, self._email_sender = uow, email_sender
        self._lifetimes, self._clock = lifetimes, clock

    async def verify(self, registration_id: UUID, *, key: str) -> None:
        """Send the link that opens a registration's account, or tell that there is an account."""
        async with self._uow() as uow:
            registration = await uow.registrations.get(registration_id)
            if registration is None:
                raise Discard("there is no such registration")
            holder = await uow.users.get_by_email(registration.email)
            token = OneTimeToken.make()
            if holder is None:
                until = self._clock.now() + self._lifetimes.verify
                await uow.registrations.add_token(registration, token, until=until)
                await uow.commit()
        if holder is None:
            to = Recipient(None, registration.email)
            await self._email_sender.send(AccountEmail.VERIFY_ADDRESS, to, key=key, token=token)
        else:
            await self._send_registered(holder, key=key)

    async def _send_registered(self, holder: User, *, key: str) -> None:
        if holder.is_active:
            await self._email_sender.send(AccountEmail.ALREADY_REGISTERED, _to(holder), key=key)
        async with self._uow() as uow:
            await uow.registrations.forget(holder.email)
            await uow.commit()

    async def reset(self, user_id: UUID, *, key: str) -> None:
        """Send the link that resets the password."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
            token = await self._issue(uow, user, TokenKind.RESET)
        await self._email_sender.send(AccountEmail.RESET_PASSWORD, _to(user), key=key, token=token)

    async def confirm_address(self, user_id: UUID, *, key: str) -> None:
        """Send the link that confirms another address; or an email to the owner of that address."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
            if user.pending_email is None:
                raise Discard("the change of address is not requested any more")
            holder = await uow.users.get_by_email(user.pending_email)
            is_respelled = holder == user and user.pending_email != user.email
            if holder is None or is_respelled:
                token = await self._issue(uow, user, TokenKind.CHANGE_ADDRESS)
        if holder is None or is_respelled:
            to = Recipient(None, user.pending_email)
            await self._email_sender.send(AccountEmail.CONFIRM_ADDRESS, to, key=key, token=token)
        elif holder == user or not holder.is_active:
            raise Discard("no owner has to be notified")
        else:
            await self._email_sender.send(AccountEmail.ADDRESS_TAKEN, _to(holder), key=key)

    async def notify(self, email: AccountEmail, user_id: UUID, *, key: str) -> None:
        """Tell the owner what happened to the account."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
        await self._email_sender.send(email, _to(user), key=key)

    async def send_moved(self, user_id: UUID, *, key: str) -> None:
        """Send an email to the previous address of the account."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
        if user.previous_email is None:
            raise Discard("there is no previous address")
        to = Recipient(None, user.previous_email)
        await self._email_sender.send(AccountEmail.ADDRESS_CHANGED, to, key=key)

    async def _issue(self, uow: UserUnitOfWork, user: User, kind: TokenKind) -> OneTimeToken:
        """Store a token before it is sent, so that a link in a mailbox always works."""
        token = await issue(uow, user, kind, lifetimes=self._lifetimes, now=self._clock.now())
        await uow.commit()
        return token


async def _open_account(uow: UserUnitOfWork, user_id: UUID) -> User:
    user = await uow.users.get(user_id)
    if user is None or not user.is_active:
        raise Discard("there is no such open account")
    return user


def _to(user: User) -> Recipient:
    """Omit the name until the address is verified: another person may have written it."""
    return Recipient(user.full_name.value if user.verified_at else None, user.email)
