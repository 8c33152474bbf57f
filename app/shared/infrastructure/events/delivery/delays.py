"""How long a delivery waits after an attempt that failed."""

import random
from typing import Final

from app.core.endings import Retry

LONGEST_DELAY_SECONDS: Final = 3600.0


def delay_after(attempts: int, error: Exception) -> float:
    """Twice as long after each attempt, up to an hour, and never the same for all (± 25 %).

    A handler may ask for more, not for less: its attempts are to last as long as they always do.
    """
    usual: float = min(LONGEST_DELAY_SECONDS, 2.0 * 2**attempts)
    usual *= random.uniform(0.75, 1.25)  # noqa: S311 - nothing secret
    return max(usual, error.after) if isinstance(error, Retry) else usual
