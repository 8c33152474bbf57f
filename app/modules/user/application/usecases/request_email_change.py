"""Request another address for one's own account."""

from collections.abc import Callable

import structlog

from app.core.limits import HOUR, Limit, Limiter
from app.modules.user.application.dto import AddressChange, EmailRequestView
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")

# Each request sends an email to an address that may be another person's, so it is limited below the
# limit of emails.
ADDRESS_CHANGES = Limit("address_change", 5, per=HOUR)


class RequestEmailChange:
    """Send a link to the new address; until it is used nothing changes.

    Whether the address has an account is not checked here, so the answer does not show it. Raises
    ReauthFailed and TooManyRequests.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        reauthenticate: Reauthenticate,
        limiter: Limiter,
        clock: Clock,
    ) -> None:
        self._uow, self._reauthenticate = uow, reauthenticate
        self._limiter, self._clock = limiter, clock

    async def execute(self, request: AddressChange) -> EmailRequestView:
        actor, email = request.actor, EmailAddress.parse(request.email)
        await self._reauthenticate(actor, request.current_password)
        await self._limiter.hit(ADDRESS_CHANGES, str(actor.user_id))
        async with self._uow() as uow:
            user = await uow.users.get_seen(actor.user_id, version=None)
            user.ask_for_address(email, now=self._clock.now())
            await uow.users.save(user)
            await uow.commit()
        log.info("address change asked", user_id=str(user.id), session_id=str(actor.session_id))
        return EmailRequestView()
