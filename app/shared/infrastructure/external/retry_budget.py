"""A budget for repetitions: a host that is in trouble does not get three times the requests."""

from collections import OrderedDict
from typing import Final

from app.core.caches import evict_oldest


class RetryBudget:
    """Each request to a host earns it a part of a repetition, up to some that it has at first.

    So of many requests that fail only one in `REQUESTS_FOR_ONE` is repeated. Counted in this
    process, for a limited number of hosts, because users may name them. If there are more, the host
    whose last repetition is the oldest is forgotten.
    """

    MOST_REMEMBERED: Final = 10_000
    FIRST: Final = 10
    REQUESTS_FOR_ONE: Final = 5

    def __init__(self) -> None:
        # In fifths; a host that has spent nothing is not there.
        self._spent: OrderedDict[str, int] = OrderedDict()

    def earn(self, host: str) -> None:
        if host in self._spent:
            self._spent[host] -= 1
            if self._spent[host] <= 0:
                del self._spent[host]

    def spend(self, host: str) -> bool:
        """Tell whether another repetition is left, and take it."""
        spent = self._spent.get(host, 0) + self.REQUESTS_FOR_ONE
        if spent > self.FIRST * self.REQUESTS_FOR_ONE:
            return False
        self._spent[host] = spent
        self._spent.move_to_end(host)
        evict_oldest(self._spent, most=self.MOST_REMEMBERED)
        return True
