"""Change one's own password."""

from collections.abc import Callable

import structlog

from app.core.identity.passwords import PasswordHasher
from app.modules.user.application.dto import PasswordChange
from app.modules.user.application.usecases.authenticate import Authenticate
from app.modules.user.application.usecases.reauthenticate import Reauthenticate
from app.modules.user.domain.entities import ReauthFailed
from app.modules.user.domain.passwords import PasswordRules, SamePassword
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import SessionCookie
from app.shared.application.base_usecase import Clock

log = structlog.get_logger("security")


class ChangePassword:
    """Change the password, end all other sessions, and all API keys unless they are kept.

    A browser's session gets another cookie, which makes a copied cookie invalid (OWASP ASVS 7.2.4).
    Raises ReauthFailed, WeakPassword and SamePassword.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        reauthenticate: Reauthenticate,
        authenticate: Authenticate,
        hasher: PasswordHasher,
        rules: PasswordRules,
        clock: Clock,
    ) -> None:
        self._uow, self._reauthenticate, self._authenticate = uow, reauthenticate, authenticate
        self._hasher, self._rules, self._clock = hasher, rules, clock

    async def execute(self, request: PasswordChange) -> str | None:
        """Return the value of the new cookie, None for a session of tokens."""
        actor, secret = request.actor, SessionCookie.make_secret()
        stored = await self._reauthenticate(actor, request.current_password)
        if request.new_password == request.current_password:
            raise SamePassword
        password = self._rules.choose(
            request.new_password, email=stored.email, field="new_password"
        )
        password_hash = await self._hasher.hash(password.value)
        now = self._clock.now()
        async with self._uow() as uow:
            await uow.tokens.forget_all(actor.user_id)  # before the account, as everywhere
            user = await uow.users.get_seen(actor.user_id, version=None)
            if user.password_version != stored.password_version:
                raise ReauthFailed  # it was changed since the check
            user.change_password(password_hash, now=now)
            await uow.users.save(user)
            await uow.sessions.revoke_all(user.id, now=now, but=actor.session_id)
            if not request.keep_keys:
                await uow.keys.delete_all(user.id)
            is_browser = await uow.sessions.renew_cookie(actor.session_id, secret)
            await uow.commit()
        self._authenticate.forget(actor.session_id)
        log.info("password changed", user_id=str(user.id), session_id=str(actor.session_id))
        return SessionCookie(actor.session_id, secret).value if is_browser else None
