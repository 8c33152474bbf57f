"""How the free places of a queue are shared."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.core.events import EventRegistry, Handler

EVERY_EIGHTH: Final = 8
"""Every eighth claim begins with the priority that has waited longest, so no priority starves."""


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a queue: how many are free, and how many each handler has.

    `keeps_one`: several handlers run in the queue, so the last free place is only for a handler
    that has none. `of_one_process`: the places are in this process, and not in several workers.
    """

    queue: str
    free: int
    taken: Mapping[str, int]
    keeps_one: bool = False
    of_one_process: bool = True
    sizes: Mapping[str, int] = field(default_factory=dict)

    def size(self, handler: str) -> int:
        """Return how many deliveries of a handler one place holds: a group has one place."""
        return self.sizes.get(handler, 1)


def places_of(
    registry: EventRegistry,
    queues: Mapping[str, int],
    taken: Mapping[str, int],
    *,
    of_one_process: bool = True,
) -> list[Places]:
    """Return the places of queues, given how many each handler has."""
    handlers: dict[str, list[str]] = {queue: [] for queue in queues}
    for handler in registry.handlers:
        handlers.setdefault(handler.subscription.queue_name, []).append(handler.id)
    found = []
    for queue, most in queues.items():
        of_queue = {id: taken[id] for id in handlers[queue] if taken.get(id)}
        keeps_one = of_one_process and most > 1 and len(handlers[queue]) > 1
        free = most - sum(of_queue.values())
        found.append(Places(queue, free, of_queue, keeps_one, of_one_process))
    return found


def at_once(handler: Handler | None, *, places: int) -> int:
    """Return how many runs of one handler a process with so many places may have at once."""
    limit = handler.subscription.limit_of_process if handler else None
    return min(places, limit or places)


class Demand(NamedTuple):
    """Due deliveries of one handler and one priority.

    `due` counts the places that they need, as far as it matters. `may_start` is how many more its
    handler may have now.
    """

    handler: str
    priority: int
    oldest: dt.datetime
    due: int
    may_start: int


class Share(NamedTuple):
    """The number of places for deliveries of a handler and a priority."""

    handler: str
    priority: int
    places: int


def shares(
    places: Places, demands: Sequence[Demand], *, oldest_level_first: bool = False
) -> list[Share]:
    """Share the free places out, one by one.

    First each handler that has no place gets one. The rest goes by priority. Among equals the
    handler with the fewest places comes first, then the one whose delivery is the oldest.
    """
    first = min(demands, key=lambda each: each.oldest).priority if demands else 0
    taken, given = Counter(places.taken), Counter[Demand]()

    def rank(demand: Demand) -> tuple[bool, bool, int, int, dt.datetime]:
        has_place = taken[demand.handler] > 0
        is_later = oldest_level_first and demand.priority != first
        return has_place, is_later, demand.priority, taken[demand.handler], demand.oldest

    def wants_more(demand: Demand) -> bool:
        started = taken[demand.handler] - places.taken.get(demand.handler, 0)
        return given[demand] < demand.due and started < demand.may_start

    for free in range(places.free, 0, -1):
        next_one = min(filter(wants_more, demands), key=rank, default=None)
        if next_one is None or (free == 1 and places.keeps_one and taken[next_one.handler]):
            break
        taken[next_one.handler] += 1
        given[next_one] += 1
    return [Share(each.handler, each.priority, count) for each, count in given.items()]
