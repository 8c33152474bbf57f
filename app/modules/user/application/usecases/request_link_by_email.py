"""Ask for a link that is sent by mail."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from app.core.context import current_work
from app.core.http.clients import one_client
from app.core.limits import DAY, HOUR, MINUTE, Limit, Limiter, TooManyRequests
from app.modules.user.application.dto import EmailRequestView
from app.modules.user.application.failed_sign_ins import account_named
from app.modules.user.domain.events import PasswordResetRequested, VerificationRequested
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.requests import AccountRequest
from app.shared.application.base_usecase import Clock
from app.shared.domain.base_entity import new_id
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")


Find = Callable[[UserUnitOfWork, EmailAddress], Awaitable[UUID | None]]


@dataclass(frozen=True, slots=True)
class RequestedLink:
    """What is asked for, what the log calls it, and how often one client may ask for an account.

    `about` is the event's field for the id of what `find` finds.
    """

    find: Find
    about: str
    event: type[VerificationRequested | PasswordResetRequested]
    named: str
    limit: Limit

    @property
    def at_most(self) -> Limit:
        """How often an account is written to for it, whoever asks.

        Beyond that there is a link in the mailbox that is half an hour old at most, and good for
        longer by default: so strangers who ask can't keep its owner from having one.
        """
        return Limit(f"{self.limit.name}_sent", 2, per=30 * MINUTE)


async def _registration(uow: UserUnitOfWork, email: EmailAddress) -> UUID | None:
    """The newest one: its password is the one that somebody remembers."""
    newest = await uow.registrations.newest_of(email, most=1)
    return newest[0].id if newest else None


async def _account(uow: UserUnitOfWork, email: EmailAddress) -> UUID | None:
    user = await uow.users.get_by_email(email)
    return user.id if user else None


VERIFICATION = RequestedLink(
    _registration,
    "registration_id",
    VerificationRequested,
    "verification asked",
    Limit("resend", 3, per=6 * HOUR),
)
RESET = RequestedLink(
    _account, "user_id", PasswordResetRequested, "reset asked", Limit("reset", 5, per=DAY)
)


class RequestLinkByEmail:
    """Have the owner of an address written to, if there is one.

    Whether there is takes no other time: an address that nobody has is looked up and its request
    written down as any other, in the name of nobody. Whoever sends the letter finds it out. It
    is limited like any other too: each client that asks, which raises TooManyRequests, and all of
    them together, which is answered as if a letter were sent: one was, a moment ago.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        limiter: Limiter,
        clock: Clock,
        asked: RequestedLink,
    ) -> None:
        self._uow, self._limiter, self._clock, self._asked = uow, limiter, clock, asked

    async def execute(self, request: str) -> EmailRequestView:
        email = EmailAddress.parse(request)
        account, client = account_named(email.value), one_client(current_work.get().client)
        await self._limiter.hit(self._asked.limit, f"{account} {client}")
        try:
            await self._limiter.hit(self._asked.at_most, account)
        except TooManyRequests:
            log.warning("asked too often", what=self._asked.named)
        else:
            await self._ask(email)
        return EmailRequestView()

    async def _ask(self, email: EmailAddress) -> None:
        async with self._uow() as uow:
            found = await self._asked.find(uow, email)
            event = self._asked.event(**{self._asked.about: found or new_id()})
            await uow.requests.add(AccountRequest.made(event, now=self._clock.now()))
            await uow.commit()
        log.info(self._asked.named, **{self._asked.about: str(found) if found else None})
