"""How long a delivery waits after a failed attempt."""

import random
from typing import Final

from app.core.endings import Retry

LONGEST_DELAY_SECONDS: Final = 3600.0


def delay_after(attempts: int, error: Exception) -> float:
    """Twice as long after each attempt, up to an hour, and varied at random (± 25 %).

    A handler may ask for more, not for less: its attempts should last as long as usual.
    """
    usual: float = min(LONGEST_DELAY_SECONDS, 2.0 * 2**attempts)
    usual *= random.uniform(0.75, 1.25)  # noqa: S311 - nothing secret
    return max(usual, error.after) if isinstance(error, Retry) else usual
