"""Change one's own password."""

from collections.abc import Callable

import structlog

from app.core.passwords import PasswordHasher
from app.modules.user.application.dto import PasswordChange
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.domain.entities import ReauthFailed
from app.modules.user.domain.passwords import PasswordRules
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class ChangePassword:
    """Take another password and end all other sessions. Raises ReauthFailed and WeakPassword."""

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        reauthenticate: Reauthenticate,
        hasher: PasswordHasher,
        rules: PasswordRules,
        clock: Clock,
    ) -> None:
        self._uow, self._reauthenticate = uow, reauthenticate
        self._hasher, self._rules, self._clock = hasher, rules, clock

    async def execute(self, request: PasswordChange) -> None:
        actor = request.actor
        stored = await self._reauthenticate(actor, request.current_password)
        password = self._rules.choose(
            request.new_password, email=stored.email, field="new_password"
        )
        password_hash = await self._hasher.hash(password.value)
        now = self._clock.now()
        async with self._uow() as uow:
            await uow.tokens.forget_all(actor.user_id)  # before the account, as everywhere
            user = await uow.users.get_seen(actor.user_id, version=None)
            if user.password_version != stored.password_version:
                raise ReauthFailed  # somebody changed it since it was checked
            user.change_password(password_hash, now=now)
            await uow.users.save(user)
            await uow.sessions.revoke_all(user.id, now=now, but=actor.session_id)
            await uow.commit()
        log.info("password changed", user_id=str(user.id), session_id=str(actor.session_id))
