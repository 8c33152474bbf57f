"""Ask for a link that is sent by mail."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.modules.user.application.dto import MailView
from app.modules.user.domain.events import PasswordResetRequested, VerificationRequested
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.requests import AccountRequest
from app.shared.application.base_usecase import Clock
from app.shared.domain.base_entity import new_id
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, and what the log calls it."""

    event: type[VerificationRequested | PasswordResetRequested]
    named: str


VERIFICATION = Asked(VerificationRequested, "verification asked")
RESET = Asked(PasswordResetRequested, "reset asked")


class RequestLetter:
    """Have the owner of an address written to, if there is one.

    Whether there is takes no other time: an address that nobody has is looked up and its request
    written down as any other, in the name of nobody. Whoever sends the letter finds it out.
    """

    def __init__(self, uow: Callable[[], UserUnitOfWork], clock: Clock, asked: Asked) -> None:
        self._uow, self._clock, self._asked = uow, clock, asked

    async def execute(self, request: str) -> MailView:
        email = EmailAddress.parse(request)
        async with self._uow() as uow:
            user = await uow.users.get_by_email(email)
            event = self._asked.event(user_id=user.id if user else new_id())
            await uow.requests.add(AccountRequest.made(event, now=self._clock.now()))
            await uow.commit()
        log.info(self._asked.named, user_id=str(user.id) if user else None)
        return MailView()
