"""How often somebody may be wrong about a password."""

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
    """How many failures there may be in five minutes."""

    per_account: int
    per_client: int
    total: int


class FailedSignIns:
    """Counts wrong passwords for each account, each client and in all.

    Over the limit a right password is refused like a wrong one, or guessing would go on. The
    accounts that nobody has count too: otherwise the limit would tell which there are. An account
    is meant by what `account_named` calls it.

    The limit in all could lock everybody out, if it counted for everybody. It counts for a client
    that has failed at an account where somebody has: it leaves them one failure each.
    """

    def __init__(self, limiter: Limiter, limits: FailureLimits) -> None:
        self._limiter = limiter
        self._of_account = Limit("failures_of_account", limits.per_account, per=WINDOW)
        self._of_client = Limit("failures_of_client", limits.per_client, per=WINDOW)
        self._total = Limit("failures", limits.total, per=WINDOW)

    async def refuse_after_too_many(self, account: str) -> None:
        """Raise TooManyRequests if one more failure would be too many.

        Asked before a password is looked at, and again when it was right: meanwhile others that
        were sent with it may have been wrong.
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
        """Count a failure. Raises TooManyRequests if it is one too many: say nothing else then."""
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
        """Begin to count anew for an account: its owner is there."""
        await self._limiter.forget(self._of_account, account)

    def _counters(self, account: str) -> list[tuple[Limit, str]]:
        """Return the account's, and those of the client's networks."""
        client = current_work.get().client
        return [(self._of_account, account), *self._of_client.for_client(client)]

    async def _check_total(self, counters: list[tuple[Limit, str]]) -> None:
        try:
            await self._limiter.check(self._total, "")
        except TooManyRequests:
            if await self._have_failed(counters, times=1):
                raise

    async def _have_failed(self, counters: list[tuple[Limit, str]], *, times: int) -> bool:
        """Tell whether both have: somebody at the account, and the client at any."""
        account, *_, client = counters
        failures = [await self._limiter.counted(*each) for each in (account, client)]
        return min(failures) >= times


def account_named(address: str) -> str:
    """Return a name for the account, of one form for all spellings, that is no personal data."""
    try:
        address = EmailAddress.parse(address).key
    except Invalid:  # nobody's, and counted all the same
        address = address.strip().casefold()
    return sha256(address.encode(errors="surrogatepass")).hexdigest()[:32]
