"""Ask a signed-in user for the password again."""

import structlog

from app.core.identity.passwords import PasswordHasher
from app.core.security import Actor
from app.modules.user.application.dto import StoredCredentials
from app.modules.user.application.failed_reauthentications import FailedReauthentications
from app.modules.user.application.readers import UserReader
from app.modules.user.domain.entities import ReauthFailed

log = structlog.get_logger("security")


class Reauthenticate:
    """Require the password before a sensitive change (OWASP ASVS 7.5.1).

    The holder of a stolen session must not guess more often than at sign-in: failures are counted.
    """

    def __init__(
        self, reader: UserReader, hasher: PasswordHasher, failures: FailedReauthentications
    ) -> None:
        self._reader, self._hasher, self._failures = reader, hasher, failures

    async def __call__(self, actor: Actor, password: str) -> StoredCredentials:
        """Return the checked credentials.

        Raises ReauthFailed, and TooManyRequests after too many.
        """
        await self._failures.refuse_after_too_many(actor.session_id)
        stored = await self._reader.credentials_of(actor.user_id)
        right = await self._hasher.verify(password, stored.password_hash if stored else None)
        if stored is None or not right or not stored.may_sign_in:
            try:
                await self._failures.count(actor.session_id)
            finally:
                log.warning(
                    "re-authentication refused",
                    user_id=str(actor.user_id),
                    session_id=str(actor.session_id),
                )
            raise ReauthFailed
        await self._failures.refuse_after_too_many(actor.session_id)  # others were sent with it
        return stored
