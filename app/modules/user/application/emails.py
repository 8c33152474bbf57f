"""Writing to the owners of accounts, as those are when the letter leaves."""

from collections.abc import Callable
from uuid import UUID

from app.core.events import Discard
from app.modules.user.application.email_sender import AccountEmail, AccountEmailSender
from app.modules.user.application.one_time_tokens import issue
from app.modules.user.domain.entities import User
from app.modules.user.domain.one_time_tokens import OneTimeToken, TokenKind, TokenLifetimes
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.application.email import Recipient


class AccountEmails:
    """Every letter about an account. Raises Discard where there is no reason for it any more.

    A token is made here, by whoever sends it, and stored before it leaves: no event holds one. A
    delivery that is repeated makes another; both work until the first of them is used.
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
        """Send the link that opens the account of a registration; or tell who has one already."""
        async with self._uow() as uow:
            registration = await uow.registrations.get(registration_id)
            if registration is None:
                raise Discard("there is no such registration any more")
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
        """Send the link that sets another password."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
            token = await self._issue(uow, user, TokenKind.RESET)
        await self._email_sender.send(AccountEmail.RESET_PASSWORD, _to(user), key=key, token=token)

    async def confirm_address(self, user_id: UUID, *, key: str) -> None:
        """Send the link that confirms another address to that one; or tell whoever has it."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
            if user.pending_email is None:
                raise Discard("no other address is wanted any more")
            holder = await uow.users.get_by_email(user.pending_email)
            is_respelled = holder == user and user.pending_email != user.email
            if holder is None or is_respelled:
                token = await self._issue(uow, user, TokenKind.CHANGE_ADDRESS)
        if holder is None or is_respelled:
            to = Recipient(None, user.pending_email)
            await self._email_sender.send(AccountEmail.CONFIRM_ADDRESS, to, key=key, token=token)
        elif holder == user or not holder.is_active:
            raise Discard("nobody has to be told")
        else:
            await self._email_sender.send(AccountEmail.ADDRESS_TAKEN, _to(holder), key=key)

    async def notify(self, email: AccountEmail, user_id: UUID, *, key: str) -> None:
        """Tell what happened to the account."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
        await self._email_sender.send(email, _to(user), key=key)

    async def send_moved(self, user_id: UUID, *, key: str) -> None:
        """Tell the address that an account had before this one."""
        async with self._uow() as uow:
            user = await _open_account(uow, user_id)
        if user.previous_email is None:
            raise Discard("there is no address before this one")
        to = Recipient(None, user.previous_email)
        await self._email_sender.send(AccountEmail.ADDRESS_CHANGED, to, key=key)

    async def _issue(self, uow: UserUnitOfWork, user: User, kind: TokenKind) -> OneTimeToken:
        """Store a token before it is sent, for a link that somebody has must work."""
        token = await issue(uow, user, kind, lifetimes=self._lifetimes, now=self._clock.now())
        await uow.commit()
        return token


async def _open_account(uow: UserUnitOfWork, user_id: UUID) -> User:
    user = await uow.users.get(user_id)
    if user is None or not user.is_active:
        raise Discard("there is no such open account")
    return user


def _to(user: User) -> Recipient:
    """Leave the name out until the address is verified: a stranger may have written it."""
    return Recipient(user.full_name.value if user.verified_at else None, user.email)
