"""Limits of a handler: how many runs at the same time, how many in a period, which first."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from app.core.exceptions import CompositionError

Priority = Literal["high", "normal", "low"]
PRIORITIES: Final[dict[Priority, int]] = {"high": 0, "normal": 1, "low": 2}
"""The number that is stored with a delivery. Smaller numbers run first."""

DEFAULT_QUEUE: Final = "default"
OUTSIDE_QUEUE: Final = "outside"

LARGEST_BATCH: Final = 32
"""The most runs of a handler that may share a transaction."""

_RATE: Final = re.compile(r"([0-9]{1,6})/(s|min|h|day)")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "day": 86_400}
MOST_PER_SECOND: Final = 1_000


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A limit of runs at the same time over all processes. A plain number limits each process."""

    limit: int


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` starts in `seconds`.

    The starts that the rate allows in one second may come together, and always at least one. So in
    any period of `seconds`, at most `count` + `burst` start.
    """

    count: int
    seconds: int

    @property
    def burst(self) -> int:
        return max(1, self.count // self.seconds)

    @property
    def interval(self) -> float:
        """The seconds of the rate that one start uses up."""
        return self.seconds / self.count


def read_rate(text: str) -> Rate:
    """Read a rate from a text such as `60/min`. Raises ValueError."""
    found = _RATE.fullmatch(text)
    rate = Rate(int(found[1]), _SECONDS[found[2]]) if found else None
    if rate is None or not 0 < rate.count <= MOST_PER_SECOND * rate.seconds:
        message = (
            f"must be like 60/min, with s, min, h or day, and at most {MOST_PER_SECOND}/s; "
            f"not {text!r}"
        )
        raise ValueError(message)
    return rate


def require_limits(
    handler: str,
    priority: str,
    concurrency: int | Everywhere | None,
    rate: str | None,
    batch: int,
) -> None:
    """Raise CompositionError for a limit that is invalid or allows no run."""
    most = concurrency.limit if isinstance(concurrency, Everywhere) else concurrency
    if most is not None and most < 1:
        raise CompositionError(
            f"{handler}: concurrency must be 1 or more, not {most}; leave it out for no limit"
        )
    if priority not in PRIORITIES:
        raise CompositionError(
            f"{handler}: priority must be one of {', '.join(PRIORITIES)}, not {priority!r}"
        )
    if not 1 <= batch <= LARGEST_BATCH:
        raise CompositionError(
            f"{handler}: batch must be between 1 and {LARGEST_BATCH}, not {batch}; "
            "1 gives each run a transaction of its own"
        )
    try:
        _ = rate and read_rate(rate)
    except ValueError as error:
        raise CompositionError(f"{handler}: rate {error}") from None
