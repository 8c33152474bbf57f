"""Sign in with an address and a password."""

from collections.abc import Callable
from contextlib import suppress

import structlog

from app.core.exceptions import Invalid, Overloaded
from app.core.identity.passwords import PasswordHasher
from app.core.security import AccessTokens
from app.core.wait_budget import WaitBudget
from app.modules.user.application.dto import Credentials, StoredCredentials, TokenPair
from app.modules.user.application.failed_sign_ins import FailedSignIns, account_named
from app.modules.user.application.readers import UserReader
from app.modules.user.domain.entities import InvalidCredentials
from app.modules.user.domain.one_time_tokens import TokenKind
from app.modules.user.domain.repositories import UserUnitOfWork
from app.modules.user.domain.sessions import (
    RefreshToken,
    Session,
    SessionCookie,
    SessionLimits,
)
from app.shared.application.base_usecase import Clock
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")


class SignIn:
    """Start a session and return its first pair of tokens."""

    def __init__(
        self,
        *,
        uow: Callable[[], UserUnitOfWork],
        reader: UserReader,
        hasher: PasswordHasher,
        tokens: AccessTokens,
        limits: SessionLimits,
        failures: FailedSignIns,
        clock: Clock,
    ) -> None:
        self._uow, self._reader, self._hasher = uow, reader, hasher
        self._tokens, self._limits, self._clock = tokens, limits, clock
        self._failures = failures

    async def execute(self, request: Credentials) -> TokenPair:
        refresh = RefreshToken.make()
        session = await self.start(request, refresh)
        return TokenPair(
            access_token=self._tokens.issue(user_id=session.user_id, session_id=session.id),
            refresh_token=refresh.secret,
            expires_in=int(self._tokens.lifetime.total_seconds()),
        )

    async def start(
        self,
        request: Credentials,
        refresh: RefreshToken | None,
        *,
        cookie: str | None = None,
        replaced: SessionCookie | None = None,
    ) -> Session:
        """Start a session, which continues by a refresh token, or by the cookie of a fingerprint.

        It ends the session of the cookie that is replaced.
        """
        account, budget = account_named(request.email), WaitBudget(self._hasher.LONGEST_WAIT)
        async with self._hasher.slot(budget):
            await self._failures.refuse_after_too_many(account)
            async with budget.waiting():
                stored = await self._find(request.email)
            right = await self._hasher.verify(
                request.password, stored.password_hash if stored else None
            )
        if stored is None or not right or not stored.may_sign_in:
            await self._failures.count(account)
            raise _refused(stored)
        await self._failures.refuse_after_too_many(account)
        renewed = await self._renewed(request.password, stored)
        session = Session.start(
            stored.user_id,
            limits=self._limits,
            now=self._clock.now(),
            client=request.client,
            cookie_fingerprint=cookie,
        )
        async with budget.waiting():
            await self._start(session, refresh, stored, renewed, replaced)
        await self._failures.forget(account)
        log.info("signed in", user_id=str(session.user_id), session_id=str(session.id))
        return session

    async def _start(
        self,
        session: Session,
        refresh: RefreshToken | None,
        stored: StoredCredentials,
        renewed: str | None,
        replaced: SessionCookie | None = None,
    ) -> None:
        now = session.started_at
        async with self._uow() as uow:
            if stored.has_reset_link:  # an owner who knows the password needs no reset
                await uow.tokens.forget(stored.user_id, TokenKind.RESET)
            # before the session: two transactions that hold it would wait for each other
            if renewed is not None:
                await uow.users.renew_hash(stored.user_id, old=stored.password_hash, new=renewed)
            # Otherwise a sign-in with the old password could survive the change that ends all
            # sessions.
            version = stored.password_version
            if not await uow.sessions.start(session, refresh, password_version=version):
                raise _refused(stored)
            await uow.sessions.revoke_beyond(self._limits.at_once, session.user_id, now=now)
            if replaced is not None and await uow.sessions.revoke_cookie(replaced, now=now):
                log.info("session replaced", session_id=str(replaced.session_id))
            await uow.commit()

    async def _renewed(self, password: str, stored: StoredCredentials) -> str | None:
        """Return a new hash if the stored one is weaker than today's.

        Only after a successful sign-in: its longer time shows nothing to others.
        """
        if not self._hasher.is_outdated(stored.password_hash):
            return None
        with suppress(Overloaded):  # another time will do
            return await self._hasher.hash(password)
        return None

    async def _find(self, address: str) -> StoredCredentials | None:
        try:
            return await self._reader.credentials(EmailAddress.parse(address))
        except Invalid:  # not an address, so no account has it; the answer must take as long
            return None


def _refused(stored: StoredCredentials | None) -> InvalidCredentials:
    log.warning("sign-in refused", user_id=str(stored.user_id) if stored else None)
    return InvalidCredentials()
