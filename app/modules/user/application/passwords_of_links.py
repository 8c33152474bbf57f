"""The password of whoever asked for a link."""

from app.core.identity.passwords import PasswordHasher
from app.modules.user.application.failed_sign_ins import FailedSignIns
from app.modules.user.domain.registrations import WrongPassword


class PasswordOfLink:
    """Asks whoever follows a link for the password of whoever asked for it.

    A link shows who has the mail. That they wanted what it does is another matter: a stranger may
    have had it sent. Guesses are counted as those of sign-ins are, but for what the link is about:
    guesses at the account itself refuse nobody here.
    """

    def __init__(self, hasher: PasswordHasher, failures: FailedSignIns) -> None:
        self._hasher, self._failures = hasher, failures

    async def check(self, password: str, stored: str, *, about: str) -> None:
        """Raise WrongPassword, and TooManyRequests after too many."""
        await self._failures.refuse_after_too_many(about)
        if not await self._hasher.verify(password, stored):
            await self._failures.count(about)
            raise WrongPassword
        await self._failures.refuse_after_too_many(about)
