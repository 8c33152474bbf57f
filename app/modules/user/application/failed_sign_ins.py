"""How often somebody may be wrong about a password."""

from dataclasses import dataclass
from hashlib import sha256

import structlog

from app.core.clients import one_client
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
    in_all: int


class FailedSignIns:
    """Counts wrong passwords for each account, each client and in all.

    Over the limit a right password is refused like a wrong one, or guessing would go on. The
    accounts that nobody has count too: otherwise the limit would tell which there are. An account
    is meant by what `account_named` calls it.
    """

    def __init__(self, limiter: Limiter, limits: FailureLimits) -> None:
        self._limiter = limiter
        self._of_account = Limit("failures_of_account", limits.per_account, per=WINDOW)
        self._of_client = Limit("failures_of_client", limits.per_client, per=WINDOW)
        self._in_all = Limit("failures", limits.in_all, per=WINDOW)

    async def refuse_after_too_many(self, account: str) -> None:
        """Raise TooManyRequests if one more failure would be too many.

        Asked before a password is looked at, and again when it was right: meanwhile others that
        were sent with it may have been wrong.
        """
        try:
            for limit, whom in self._counters(account):
                await self._limiter.check(limit, whom)
        except TooManyRequests:
            log.warning("sign-in limited")
            raise

    async def count(self, account: str) -> None:
        """Count a failure. Raises TooManyRequests if it is one too many: say nothing else then."""
        refusals: list[TooManyRequests] = []
        for limit, whom in self._counters(account):
            try:
                await self._limiter.hit(limit, whom)
            except TooManyRequests as refusal:
                refusals.append(refusal)
        if refusals:
            log.warning("sign-in limited")
            raise max(refusals, key=lambda refusal: refusal.retry_after_seconds)

    async def forget(self, account: str) -> None:
        """Begin to count anew for an account: its owner is there."""
        await self._limiter.forget(self._of_account, account)

    def _counters(self, account: str) -> list[tuple[Limit, str]]:
        client = one_client(current_work.get().client)
        return [
            (self._of_account, account),
            (self._of_client, client),
            (self._in_all, ""),
        ]


def account_named(address: str) -> str:
    """Return a name for the account, of one form for all spellings, that is no personal data."""
    try:
        address = EmailAddress.parse(address).key
    except Invalid:  # nobody's, and counted all the same
        address = address.strip().casefold()
    return sha256(address.encode(errors="surrogatepass")).hexdigest()[:32]
