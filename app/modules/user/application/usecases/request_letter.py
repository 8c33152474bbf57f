"""Ask for a link that is sent by mail."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.core.limits import DAY, HOUR, Limit, Limiter
from app.modules.user.application.dto import MailView
from app.modules.user.application.failed_sign_ins import account_named
from app.modules.user.domain.events import PasswordResetRequested, VerificationRequested
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.requests import AccountRequest
from app.shared.application.base_usecase import Clock
from app.shared.domain.base_entity import new_id
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, what the log calls it, and how often one account may be asked for."""

    event: type[VerificationRequested | PasswordResetRequested]
    named: str
    limit: Limit


VERIFICATION = Asked(VerificationRequested, "verification asked", Limit("resend", 3, per=6 * HOUR))
RESET = Asked(PasswordResetRequested, "reset asked", Limit("reset", 5, per=DAY))


class RequestLetter:
    """Have the owner of an address written to, if there is one.

    Whether there is takes no other time: an address that nobody has is looked up and its request
    written down as any other, in the name of nobody. Whoever sends the letter finds it out. It
    is limited like any other too. Raises TooManyRequests.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        limiter: Limiter,
        clock: Clock,
        asked: Asked,
    ) -> None:
        self._uow, self._limiter, self._clock, self._asked = uow, limiter, clock, asked

    async def execute(self, request: str) -> MailView:
        email = EmailAddress.parse(request)
        await self._limiter.hit(self._asked.limit, account_named(email.value))
        async with self._uow() as uow:
            user = await uow.users.get_by_email(email)
            event = self._asked.event(user_id=user.id if user else new_id())
            await uow.requests.add(AccountRequest.made(event, now=self._clock.now()))
            await uow.commit()
        log.info(self._asked.named, user_id=str(user.id) if user else None)
        return MailView()
