"""Limits wrong passwords at sign-in."""

from dataclasses import dataclass
from hashlib import sha256

import structlog

from app.core.context import current_work
from app.core.exceptions import Invalid
from app.core.limits import MINUTE, Limit, Limiter, TooManyRequests
from app.shared.domain.value_objects import EmailAddress

log = structlog.get_logger("security")

WINDOW = 5 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureLimits:
    """How many failures are allowed in five minutes."""

    per_account: int
    per_client: int
    total: int


class FailedSignIns:
    """Counts wrong passwords for each account, each client and in total.

    Over the limit a correct password is refused like a wrong one, or guessing would continue.
    Failures at unknown addresses count too: otherwise the limit would show which accounts exist.
    `account_named` names an account.

    The total limit could lock out all users if it applied to all. It applies to a client that has
    failed, at an account with failures: these are left one failure each.
    """

    def __init__(self, limiter: Limiter, limits: FailureLimits) -> None:
        self._limiter = limiter
        self._of_account = Limit("failures_of_account", limits.per_account, per=WINDOW)
        self._of_client = Limit("failures_of_client", limits.per_client, per=WINDOW)
        self._total = Limit("failures", limits.total, per=WINDOW)

    async def refuse_after_too_many(self, account: str) -> None:
        """Raise TooManyRequests if one more failure is not allowed.

        It is called before the password is checked, and again after it was correct: other requests
        may have failed meanwhile.
        """
        counters = self._counters(account)
        try:
            for limit, whom in counters:
                await self._limiter.check(limit, whom)
            await self._check_total(counters)
        except TooManyRequests:
            log.warning("sign-in limited")
            raise

    async def count(self, account: str) -> None:
        """Count a failure. Raises TooManyRequests over the limit; then answer nothing else."""
        refusals: list[TooManyRequests] = []
        counters = self._counters(account)
        for limit, whom in counters:
            try:
                await self._limiter.hit(limit, whom)
            except TooManyRequests as refusal:
                refusals.append(refusal)
        try:
            await self._limiter.hit(self._total, "")
        except TooManyRequests as refusal:
            if await self._have_failed(counters, times=2):
                refusals.append(refusal)
        if refusals:
            log.warning("sign-in limited")
            raise max(refusals, key=lambda refusal: refusal.retry_after_seconds)

    async def forget(self, account: str) -> None:
        """Reset the count of an account, because its owner has signed in."""
        await self._limiter.forget(self._of_account, account)

    def _counters(self, account: str) -> list[tuple[Limit, str]]:
        """Return the counters of the account and of the client's networks."""
        client = current_work.get().client
        return [(self._of_account, account), *self._of_client.for_client(client)]

    async def _check_total(self, counters: list[tuple[Limit, str]]) -> None:
        try:
            await self._limiter.check(self._total, "")
        except TooManyRequests:
            if await self._have_failed(counters, times=1):
                raise

    async def _have_failed(self, counters: list[tuple[Limit, str]], *, times: int) -> bool:
        """Return whether both have failures: the account for any client, the client anywhere."""
        account, *_, client = counters
        failures = [await self._limiter.counted(*each) for each in (account, client)]
        return min(failures) >= times


def account_named(address: str) -> str:
    """Return a name of the account, the same for all spellings, without personal data."""
    try:
        address = EmailAddress.parse(address).key
    except Invalid:  # not a valid address, but it counts too
        address = address.strip().casefold()
    return sha256(address.encode(errors="surrogatepass")).hexdigest()[:32]
