"""Reset a forgotten password."""

from collections.abc import Callable

import structlog

from app.core.identity.passwords import PasswordHasher
from app.modules.user.application.dto import PasswordReset
from app.modules.user.application.one_time_tokens import redeem
from app.modules.user.domain.one_time_tokens import TokenKind
from app.modules.user.domain.passwords import PasswordRules, SamePassword
from app.modules.user.domain.repositories import UserUnitOfWork
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class ResetPassword:
    """Set the password that the owner of a token chose; end all sessions and API keys.

    It starts no session. An unverified account is verified by it, because the token proves access
    to the mailbox. Raises InvalidToken, WeakPassword and SamePassword.
    """

    def __init__(
        self,
        uow: Callable[[], UserUnitOfWork],
        hasher: PasswordHasher,
        rules: PasswordRules,
        clock: Clock,
    ) -> None:
        self._uow, self._hasher = uow, hasher
        self._rules, self._clock = rules, clock

    async def execute(self, request: PasswordReset) -> None:
        password_hash = await self._hash_for_owner(request)
        now = self._clock.now()
        async with self._uow() as uow:
            user = await redeem(uow, request.token, TokenKind.RESET, now=now)
            await uow.tokens.forget_all(user.id)
            user.verify(now=now)
            user.change_password(password_hash, now=now)
            await uow.users.save(user)
            await uow.sessions.revoke_all(user.id, now=now)
            await uow.keys.delete_all(user.id)
            await uow.commit()
        log.info("password reset", user_id=str(user.id))

    async def _hash_for_owner(self, request: PasswordReset) -> str:
        """Only read: a refused password consumes no token, and no transaction waits for a hash."""
        async with self._uow() as uow:
            user = await redeem(uow, request.token, TokenKind.RESET, now=self._clock.now())
        password = self._rules.choose(request.new_password, email=user.email, field="new_password")
        if await self._hasher.verify(password.value, user.password_hash):
            raise SamePassword
        return await self._hasher.hash(password.value)
