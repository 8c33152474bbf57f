"""Delete one's own account."""

from collections.abc import Callable

import structlog

from app.modules.user.application.dto import Departure
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.domain.entities import LastAdministrator
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class DeleteAccount:
    """Delete the account with its sessions and tokens; other modules react to the event.

    Raises ReauthFailed and LastAdministrator.
    """

    def __init__(
        self,
        uow: Callable[[], UserUnitOfWork],
        reauthenticate: Reauthenticate,
        authenticate: Authenticate,
        clock: Clock,
    ) -> None:
        self._uow, self._reauthenticate = uow, reauthenticate
        self._authenticate, self._clock = authenticate, clock

    async def execute(self, request: Departure) -> None:
        actor = request.actor
        await self._reauthenticate(actor, request.current_password)
        async with self._uow() as uow:
            await uow.tokens.forget_all(actor.user_id)
            if await uow.users.active_admins() == {actor.user_id}:
                raise LastAdministrator
            user = await uow.users.get_seen(actor.user_id, version=None)
            user.leave(now=self._clock.now())
            await uow.users.delete(user)
            await uow.registrations.forget(user.email)
            await uow.commit()
        self._authenticate.forget(actor.session_id)
        log.info("account deleted", user_id=str(user.id), session_id=str(actor.session_id))
