"""Runs the deliveries of one message: the worker's side."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.groups import Groups
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.places import at_once
from app.shared.infrastructure.events.delivery.runner import Runner

log = structlog.get_logger(__name__)


class DeliveryBatch:
    """Starts the deliveries of one message and runs them, so many at once.

    All start in one transaction. A process that comes second with a copy of the message finds
    nothing to start. Deliveries that wait for their turn keep their lease meanwhile.
    """

    def __init__(
        self,
        database: Database,
        registry: EventRegistry,
        runner: Runner,
        notifier: Notifier,
        *,
        concurrency: int,
    ) -> None:
        self._database, self._registry = database, registry
        self._runner, self._notifier = runner, notifier
        self._groups, self._concurrency = Groups(runner), concurrency
        self._waiting: list[Claim] = []
        self._written = asyncio.Lock()
        self._task: asyncio.Task[Any] | None = None
        self._is_stopped = self._is_late = False

    async def run(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Run those of these ids and tokens that are still to be started. Raises Unavailable."""
        if self._is_stopped:
            return
        self._waiting = await self._start(pairs)
        # The task can be cancelled only from here on, when it is known what was started.
        self._task = asyncio.current_task()
        try:
            async with self._leases_extended():
                workers = (self._work() for _ in range(self._at_once()))
                await asyncio.gather(*workers, return_exceptions=True)
        finally:
            if self._waiting:
                await self._groups.give_back(self._waiting)
            self._notifier.notify()  # there is room for more, and perhaps a stream may continue

    def stop(self, *, is_late: bool = False) -> None:
        """Stop the batch early. What runs counts as failed if it is late, else as untried."""
        self._is_stopped, self._is_late = True, is_late
        if self._task is not None:
            self._task.cancel()

    async def _start(self, pairs: Sequence[tuple[int, int]]) -> list[Claim]:
        named: dict[str, Any] = {"lease": self._runner.lease, "by": self._runner.worker_id}
        nobody = [(-1, -1)] * (deliveries.SENT_AT_ONCE - len(pairs))
        for n, (id, token) in enumerate([*pairs, *nobody]):
            named |= {f"held_{n}": id, f"with_token_{n}": token}
        async with self._database.transaction() as connection:
            rows = await connection.fetch_all(deliveries.START, named)
            await connection.commit()
        started = sorted((Claim(**row) for row in rows), key=lambda claim: claim.id)
        if others := {id for id, _ in pairs} - {claim.id for claim in started}:
            log.info("nothing to start", deliveries=sorted(others))  # done, or sent again meanwhile
        return started

    def _at_once(self) -> int:
        """Return how many of them may run at once: all belong to one handler."""
        handler = self._registry.handler(self._waiting[0].handler) if self._waiting else None
        return at_once(handler, places=self._concurrency)

    async def _work(self) -> None:
        while not self._is_stopped and (claims := await self._next()):
            try:
                await self._groups.run(claims, is_late=lambda: self._is_late)
            except Exception as error:  # noqa: BLE001 - one failure does not end the others
                # The lease will end, and a process will claim the delivery again.
                log.warning("delivery left behind", error=type(error).__name__)

    async def _next(self) -> list[Claim]:
        async with self._written:  # a run skips locked rows, even those that this process locked
            if not self._waiting:
                return []
            handler = self._registry.handler(self._waiting[0].handler)
            size = self._runner.sizes.of(handler)
            claims, self._waiting = self._waiting[:size], self._waiting[size:]
            return claims

    @asynccontextmanager
    async def _leases_extended(self) -> AsyncIterator[None]:
        async def extend() -> None:
            while True:
                await asyncio.sleep(self._runner.lease / 3)
                async with self._written:
                    await self._runner.extend(self._waiting)

        heartbeat = asyncio.create_task(extend())
        try:
            yield
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)
