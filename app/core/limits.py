"""How often something may be done, and by whom it is counted."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Final, Protocol, TypeVar

from app.core.exceptions import AppError
from app.core.http.clients import networks_of
from app.core.resources import Resource

Caller = TypeVar("Caller")

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` times in any `per` seconds, for each of those that it is counted for.

    The name keeps its counters apart from those of every other limit.
    """

    name: str
    amount: int
    _: KW_ONLY
    per: int

    def for_client(self, address: str) -> list[tuple["Limit", str]]:
        """Return what holds for a client, and for which of its networks, the narrowest first."""
        return [
            (replace(self, amount=self.amount * clients), network)
            for network, clients in networks_of(address)
        ]


class TooManyRequests(AppError):
    """It was done, or tried, too often; later it may be done again."""

    code = "too_many_requests"
    message = "That was too often; wait for as long as Retry-After says."
    retry_after_seconds = 1

    def __init__(self, *, after: float = 1.0) -> None:
        self.retry_after_seconds = max(1, -int(-after // 1))
        super().__init__()


def nearest_to_their_limits(used: Mapping[Caller, float], count: int) -> list[Caller]:
    """Return whose counts to keep where there are too many: those who used most of their limit.

    They are `count`, or more: everybody who has reached a limit (1.0) is among them.
    """
    reached = sum(share >= 1 for share in used.values())
    return sorted(used, key=used.__getitem__, reverse=True)[: max(count, reached)]


class Limiter(Protocol):
    """Counts, in moving windows. Whatever is away, it answers, and never with no limit at all."""

    async def hit(self, limit: Limit, whom: str, /) -> None:
        """Count once more. Raises TooManyRequests, and does not count, where that is too often.

        Of many at once no more than the limit's amount get through.
        """
        ...

    async def check(self, limit: Limit, whom: str, /) -> None:
        """Count nothing. Raises TooManyRequests where one more would be too often."""
        ...

    async def counted(self, limit: Limit, whom: str, /) -> int:
        """Return how often it was counted lately."""
        ...

    async def forget(self, limit: Limit, whom: str, /) -> None:
        """Begin to count anew."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


class Unlimited(Resource):
    """Counts nothing: where a setting has switched the limits off, and in tests."""

    async def hit(self, limit: Limit, whom: str, /) -> None: ...

    async def check(self, limit: Limit, whom: str, /) -> None: ...

    async def counted(self, _limit: Limit, _whom: str, /) -> int:
        return 0

    async def forget(self, limit: Limit, whom: str, /) -> None: ...
