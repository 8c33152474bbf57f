"""Running deliveries in this very process."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog

from app.core.events import EventRegistry
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.places import Places, places_of
from app.shared.infrastructure.events.delivery.runner import Claim, Runner

log = structlog.get_logger(__name__)


class LocalExecutor:
    """Runs as many deliveries at once as its queues have places, each in a task of its own."""

    counts_attempts = True  # what is taken is started at once

    def __init__(
        self,
        runner: Runner,
        notifier: Notifier,
        registry: EventRegistry,
        *,
        queues: Mapping[str, int],
    ) -> None:
        """`queues` says how many places each queue has that is run here."""
        self._runner, self._notifier = runner, notifier
        self._registry, self._queues = registry, queues
        self._running: dict[asyncio.Task[None], str] = {}

    @property
    def lease(self) -> float:
        return self._runner.lease

    async def places(self) -> list[Places]:
        taken = Counter(self._running.values())
        return places_of(self._registry, self._queues, taken)

    async def start(self, deliveries: Sequence[Claim]) -> None:
        """Begin to run what was taken."""
        for claim in deliveries:
            task = asyncio.create_task(self._runner.run(claim))
            self._running[task] = claim.handler
            task.add_done_callback(self._ended)

    async def finish(self) -> None:
        """Wait for what runs."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Give back what is not done: its attempt does not count."""
        for task in self._running:
            task.cancel()
        await self.finish()

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._notifier.notify()  # a place is free, and perhaps the next one of a stream is too
        if not task.cancelled() and (error := task.exception()):
            # The lease will end, and somebody will take the delivery again.
            log.warning("delivery left behind", error=type(error).__name__)
