"""The password of the person who requested a link."""

from app.core.identity.passwords import PasswordHasher
from app.modules.user.application.failed_sign_ins import FailedSignIns
from app.modules.user.domain.registrations import WrongPassword


class PasswordOfLink:
    """Requires the password of the person who requested the link.

    A link proves access to the mailbox, but not that its owner wanted the action: another person
    may have requested it. Guesses are counted as at sign-in, but for the link's subject: guesses at
    the account itself refuse nothing here.
    """

    def __init__(self, hasher: PasswordHasher, failures: FailedSignIns) -> None:
        self._hasher, self._failures = hasher, failures

    async def check(self, password: str, stored: str, *, about: str) -> None:
        """Raise WrongPassword, and TooManyRequests after too many failures."""
        await self._failures.refuse_after_too_many(about)
        if not await self._hasher.verify(password, stored):
            await self._failures.count(about)
            raise WrongPassword
        await self._failures.refuse_after_too_many(about)
