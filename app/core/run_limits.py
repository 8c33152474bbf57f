"""How much of a handler runs: at once, in a time, and before others."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from app.core.exceptions import CompositionError

Priority = Literal["high", "normal", "low"]
PRIORITIES: Final[dict[Priority, int]] = {"high": 0, "normal": 1, "low": 2}
"""What is stored of a delivery: the smaller, the sooner."""

DEFAULT_QUEUE: Final = "default"
OUTSIDE_QUEUE: Final = "outside"

LARGEST_BATCH: Final = 32
"""So many runs of a handler share a transaction at most."""

_RATE: Final = re.compile(r"([0-9]{1,6})/(s|min|h|day)")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "day": 86_400}
MOST_PER_SECOND: Final = 1_000


@dataclass(frozen=True, slots=True)
class Everywhere:
    """So many runs at once over all processes; a plain number counts in each process."""

    limit: int


@dataclass(frozen=True, slots=True)
class Rate:
    """So many starts in so many seconds.

    At once may start what the rate allows in a second, and at least one. So in any window of that
    many seconds no more start than `count` + `burst`.
    """

    count: int
    seconds: int

    @property
    def burst(self) -> int:
        return max(1, self.count // self.seconds)

    @property
    def interval(self) -> float:
        """For how many seconds one start uses the rate up."""
        return self.seconds / self.count


def read_rate(text: str) -> Rate:
    """Return the rate that a text like `60/min` names. Raises ValueError."""
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
    """Raise CompositionError for a limit that lets nothing run, or means nothing."""
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
