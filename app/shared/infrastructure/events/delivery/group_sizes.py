"""How many runs of a handler share a transaction: as many as succeed, and quickly."""

from collections import Counter

from app.core.events import Handler
from app.core.run_limits import LARGEST_BATCH
from app.shared.infrastructure.events.delivery.limits import is_counted

LONGEST_SECONDS = 0.05  # not Final: tests on slow machines change it
"""No run joins a group that is this old: others wait for its locks."""

ALONE_AFTER_FAILURE = 64


class GroupSizes:
    """The sizes of one process. A size doubles with each group of that size that succeeds.

    It is halved with each group in which one run fails. After a run alone that fails, and after a
    group whose failure nobody can explain, the next 64 runs of the handler are alone.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._alone: Counter[str] = Counter()

    def of(self, handler: Handler | None) -> int:
        """Return how many runs the handler's next group may have."""
        return min(self._sizes.get(handler.id, 1), largest(handler)) if handler else 1

    def went_well(self, handler: str, *, count: int, seconds: float) -> None:
        if self._alone[handler] > 0:
            self._alone[handler] -= count
            return
        size = self._sizes.get(handler, 1)
        if seconds >= LONGEST_SECONDS:
            self._sizes[handler] = min(size, count)
        elif count >= size and seconds < LONGEST_SECONDS / 2:
            self._sizes[handler] = min(2 * size, LARGEST_BATCH)

    def one_failed(self, handler: str) -> None:
        """Halve the size: so what has to be run again stays in proportion to what succeeds."""
        self._sizes[handler] = max(1, self._sizes.get(handler, 1) // 2)

    def failed(self, handler: str) -> None:
        self._sizes[handler], self._alone[handler] = 1, ALONE_AFTER_FAILURE


def largest(handler: Handler) -> int:
    """Return the largest group that the handler may ever have.

    Limits over all processes, on runs at once or on a rate, count what is claimed. So a handler
    with such a limit claims nothing before its turn.
    """
    asked = handler.subscription
    return 1 if is_counted(handler) or not asked.transactional else asked.batch
