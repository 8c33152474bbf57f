"""Housekeeping: the periodic work of the engine besides delivering, each duty on its own.

Deliveries never wait for it. A duty that fails, or takes long, does not stop the others.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog

from app.core.events import EventRegistry
from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.batches import OpenBatches
from app.shared.infrastructure.events.delivery.clock import Clock
from app.shared.infrastructure.events.delivery.leases import end_leases
from app.shared.infrastructure.events.delivery.no_handler import park, requeue
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.scheduler import Scheduler
from app.shared.infrastructure.events.delivery.unblocking import Unblocker
from app.shared.infrastructure.events.operations import metrics

log = structlog.get_logger(__name__)

SHARE: Final = 0.1  # of the time, at most, for a duty that has more to do


class Done(NamedTuple):
    """How many deliveries a duty made ready, and whether there is more to do."""

    hit: int
    has_more: bool = False


@dataclass
class Duty:
    """Work to do again and again. The pause is counted from its end."""

    pause_seconds: float
    work: Callable[[], Awaitable[Done]]
    trouble: str | None = None


class Housekeeping:
    """Fires schedules, ends leases, and unblocks what waits for nothing.

    Every engine checks all of it; only one process at a time makes the changes.
    """

    def __init__(self, database: Database, registry: EventRegistry, notifier: Notifier) -> None:
        self._notifier = notifier
        scheduler, unblocker, clock, batches = (
            Scheduler(database, registry),
            Unblocker(database),
            Clock(database),
            OpenBatches(database),
        )

        async def fire_schedules() -> Done:
            return Done(await scheduler.fire_due())

        async def end_all_leases() -> Done:
            return Done(*await end_leases(database, registry))

        async def unblock_all() -> Done:
            unblocked = await unblocker.unblock()
            return Done(unblocked.hit, has_more=unblocked.end is not None)

        async def requeue_known() -> Done:
            requeued = await requeue(database, registry)
            parked = await park(database, registry)
            return Done(requeued, has_more=requeued + parked > 0)

        async def correct_waits() -> Done:
            return Done(*await clock.correct())

        async def settle_batches() -> Done:
            return Done(*await batches.settle())

        self.duties = {
            "schedules": Duty(1.0, fire_schedules),
            "leases": Duty(1.0, end_all_leases),
            "blocked": Duty(5.0, unblock_all),
            "no_handler": Duty(5.0, requeue_known),
            "batches": Duty(5.0, settle_batches),
            "clock": Duty(10.0, correct_waits),
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do all duties in the background while the block runs."""
        tasks = [asyncio.create_task(self._repeat(name)) for name in self.duties]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def once(self) -> None:
        """Do each duty to its end, once: for tests."""
        for duty in self.duties.values():
            while (await duty.work()).has_more:
                pass

    async def _repeat(self, name: str) -> None:
        duty = self.duties[name]
        while True:
            began = time.monotonic()
            done = await self._done(name, duty)
            took = time.monotonic() - began
            await asyncio.sleep(took * (1 / SHARE - 1) if done.has_more else duty.pause_seconds)

    async def _done(self, name: str, duty: Duty) -> Done:
        try:
            done = await duty.work()
        except Unavailable as error:
            _note(name, duty, error.code)
            return Done(0)
        except Exception as error:  # noqa: BLE001 - it is logged; the others must continue
            _note(name, duty, "unexpected", error)
            return Done(0)
        _note(name, duty, None)
        if done.hit:
            self._notifier.notify()
        return done


def _note(name: str, duty: Duty, trouble: str | None, error: Exception | None = None) -> None:
    """Count each trouble; log it once, and its end."""
    if trouble:
        metrics.HOUSEKEEPING_FAILURES.labels(name).inc()
    if trouble and trouble != duty.trouble:
        log.warning("housekeeping waits", duty=name, reason=trouble, exc_info=error)
    elif duty.trouble and not trouble:
        log.info("housekeeping goes on", duty=name)
    duty.trouble = trouble
