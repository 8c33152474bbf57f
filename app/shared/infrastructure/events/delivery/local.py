"""Runs deliveries in this process."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from app.core.events import EventRegistry
from app.core.run_limits import DEFAULT_QUEUE
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.groups import Groups, divided
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.places import Places, places_of
from app.shared.infrastructure.events.delivery.runner import Runner

log = structlog.get_logger(__name__)


class LocalExecutor:
    """Runs as many deliveries or groups at once as its queues have places, each in its own task."""

    counts_attempts = True  # a claim is started at once

    def __init__(
        self,
        runner: Runner,
        notifier: Notifier,
        registry: EventRegistry,
        *,
        queues: Mapping[str, int],
    ) -> None:
        """`queues` gives the number of places of each queue that runs here."""
        self._runner, self._notifier = runner, notifier
        self._registry, self._queues = registry, queues
        self._groups, self._sizes = Groups(runner), dict[str, int]()
        self._running: dict[asyncio.Task[None], str] = {}

    @property
    def lease(self) -> float:
        return self._runner.lease

    async def places(self) -> list[Places]:
        taken = Counter(self._running.values())
        sizes = {each.id: self._runner.sizes.of(each) for each in self._registry.handlers}
        self._sizes = sizes  # of the present claims: sizes may change before the claims start
        found = places_of(self._registry, self._queues, taken)
        return [replace(each, sizes=sizes) for each in found]

    async def start(self, deliveries: Sequence[Claim]) -> None:
        """Start to run what was claimed.

        Each delivery that is tried again needs its own place. If there are too few, the rest is
        returned.
        """
        free = Counter(self._queues) - Counter(map(self._queue, self._running.values()))
        fitting = []
        for claims in divided(deliveries, size=self._size, attempts_of_fresh=1):
            handler = claims[0].handler
            if free[self._queue(handler)] > 0:
                free[self._queue(handler)] -= 1
                fitting.append(claims)
            else:
                self._runner.sizes.failed(handler)
                await self._groups.give_back(claims)
        # Only now: a run that kills its process costs the returned deliveries no attempt.
        for claims in fitting:
            task = asyncio.create_task(self._groups.run(claims))
            self._running[task] = claims[0].handler
            task.add_done_callback(self._ended)

    def _queue(self, handler: str) -> str:
        known = self._registry.handler(handler)
        return known.subscription.queue_name if known else DEFAULT_QUEUE

    def _size(self, handler: str) -> int:
        return self._sizes.get(handler, 1)

    async def finish(self) -> None:
        """Wait for the running deliveries."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Return what is not done: its attempt does not count."""
        for task in self._running:
            task.cancel()
        await self.finish()

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._notifier.notify()  # a place is free, and perhaps the next one of a stream is too
        if not task.cancelled() and (error := task.exception()):
            # The lease will end, and a process will claim the delivery again.
            log.warning("delivery left behind", error=type(error).__name__)
