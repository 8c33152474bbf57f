"""A probe whose handler does not keep to its time."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from app.container import ApplicationContainer
from app.core.events import subscribe
from tests.support.probe.handlers import MAX_ATTEMPTS, Acting, Folder
from tests.support.probe.module import ProbeEvent, ProbeUnitOfWork


@dataclass(frozen=True, slots=True)
class Clung(ProbeEvent):
    """Has one handler, that clings to its place."""

    type: ClassVar = "probe.clung"


@subscribe(Clung, id="probe.cling", max_attempts=MAX_ATTEMPTS, timeout=0.2)
class Cling(Acting):
    """Works on when its time is over; or blocks its process, so that nothing can tell it."""

    async def __call__(self, event: ProbeEvent, uow: ProbeUnitOfWork) -> None:
        acts = self._next_acts(event)
        await uow.probes.affect(event, self.subscription.id)
        if "block" in acts:
            time.sleep(3600)  # noqa: ASYNC251 - that is it
        if "ignore" in acts:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.Event().wait()


def add_clinging(container: ApplicationContainer, folder: Folder) -> None:
    """Make a container of probes know it too."""
    registry = container.registry()

    def unit_of_work() -> ProbeUnitOfWork:
        return ProbeUnitOfWork(container.database(), registry, container.notifier())

    registry.publish([Clung])
    registry.subscribe([Cling(folder)], unit_of_work=unit_of_work)
