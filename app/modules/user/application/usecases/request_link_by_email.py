"""Request a link by email."""

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
    """The kind of link, its name in the log, and how often one client may request it.

    `about` is the event's field for the id that `find` returns.
    """

    find: Find
    about: str
    event: type[VerificationRequested | PasswordResetRequested]
    named: str
    limit: Limit

    @property
    def at_most(self) -> Limit:
        """How many emails an account gets for it, from all clients together.

        Beyond that the mailbox has a link that is at most half an hour old, and valid for longer by
        default. So strangers cannot prevent the owner from having one.
        """
        return Limit(f"{self.limit.name}_sent", 2, per=30 * MINUTE)


async def _registration(uow: UserUnitOfWork, email: EmailAddress) -> UUID | None:
    """The newest registration, whose password its owner remembers."""
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
    """Send a link to the owner of an address, if there is one.

    An unknown address takes the same time: it is looked up, and its request is stored like any
    other, with a random id. The sender of the email finds out. Requests are limited like others:
    for each client, which raises TooManyRequests; and for all clients together, which gets the
    normal answer without an email, because one was sent shortly before.
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
