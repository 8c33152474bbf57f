"""How often an operation may be done, and which callers are counted together."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Final, Protocol, TypeVar

from app.core.context import current_work
from app.core.exceptions import AppError
from app.core.http.clients import networks_of
from app.core.resources import Resource

Caller = TypeVar("Caller")

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` times within `per` seconds, for each caller that is counted.

    The name separates its counters from those of other limits.
    """

    name: str
    amount: int
    _: KW_ONLY
    per: int

    def for_client(self, address: str) -> list[tuple["Limit", str]]:
        """Return the limits for a client and for its networks, the narrowest first."""
        return [
            (replace(self, amount=self.amount * clients), network)
            for network, clients in networks_of(address)
        ]


class TooManyRequests(AppError):
    """The operation was done, or tried, too often; it may be repeated later."""

    code = "too_many_requests"
    message = "Too many requests; wait as long as Retry-After says."
    retry_after_seconds = 1

    def __init__(self, *, after: float = 1.0) -> None:
        self.retry_after_seconds = max(1, -int(-after // 1))
        super().__init__()


def nearest_to_their_limits(used: Mapping[Caller, float], count: int) -> list[Caller]:
    """Return the callers whose counters to keep if there are too many: those nearest to a limit.

    They are `count` or more: all callers that have reached a limit (1.0) are included.
    """
    reached = sum(share >= 1 for share in used.values())
    return sorted(used, key=used.__getitem__, reverse=True)[: max(count, reached)]


class Limiter(Protocol):
    """Counts in moving windows. If its storage is unavailable it still limits."""

    async def hit(self, limit: Limit, whom: str, /) -> None:
        """Count one more. Raises TooManyRequests over the limit, and then does not count.

        Of many concurrent calls no more than the limit's amount succeed.
        """
        ...

    async def check(self, limit: Limit, whom: str, /) -> None:
        """Raise TooManyRequests if one more would exceed the limit; count nothing."""
        ...

    async def counted(self, limit: Limit, whom: str, /) -> int:
        """Return how often it was counted in the current window."""
        ...

    async def forget(self, limit: Limit, whom: str, /) -> None:
        """Reset the counter."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Close the connections."""
        ...


async def hit_by_client(limiter: Limiter, limit: Limit) -> None:
    """Count a request for each network of its client. Raises TooManyRequests."""
    for each, network in limit.for_client(current_work.get().client):
        await limiter.hit(each, network)


class Unlimited(Resource):
    """Limits nothing: for tests, and if a setting switches the limits off."""

    async def hit(self, limit: Limit, whom: str, /) -> None: ...

    async def check(self, limit: Limit, whom: str, /) -> None: ...

    async def counted(self, _limit: Limit, _whom: str, /) -> int:
        return 0

    async def forget(self, limit: Limit, whom: str, /) -> None: ...
