"""The engine: claims due deliveries and has them run, until it is stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

import structlog

from app.core.events import EventRegistry
from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.migrate import why_not_migrated
from app.shared.infrastructure.events.delivery.cancelling import unbroken
from app.shared.infrastructure.events.delivery.claiming import Claimer, one_of_each_stream
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.housekeeping import Housekeeping
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.places import Places
from app.shared.infrastructure.events.delivery.runner import Runner
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.operations import metrics

log = structlog.get_logger(__name__)

SHORTEST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 1.0


class EngineEnded(Exception):
    """The engine ended without being asked to: the log says why."""

    def __init__(self) -> None:
        super().__init__("The engine that delivers events has ended; its error is in the log.")


class Executor(Protocol):
    """Where deliveries run: in this process, or in workers behind a broker."""

    @property
    def counts_attempts(self) -> bool:
        """Whether a claim is also a start, so that the attempt counts already."""
        ...

    @property
    def lease(self) -> float:
        """How many seconds a claim is left alone until there is news of it."""
        ...

    async def places(self) -> Sequence[Places]:
        """Return the places of each queue that it runs."""
        ...

    async def start(self, deliveries: Sequence[Claim], /) -> None: ...
    async def finish(self) -> None: ...
    async def stop(self) -> None: ...


class Engine:
    """Delivers events. Any number of engines may run, in this process and in others.

    A wake only makes a delivery faster: the engine asks the database at least once a second.
    """

    def __init__(
        self,
        database: Database,
        registry: EventRegistry,
        runner: Runner,
        executor: Executor,
        notifier: Notifier,
    ) -> None:
        self._database, self._notifier = database, notifier
        self._runner, self._executor = runner, executor
        self._claimer = Claimer(database, registry, by=runner.worker_id)
        self.housekeeping = Housekeeping(database, registry, notifier)
        self._has_ended = False
        self._trouble: str | None = None

    @asynccontextmanager
    async def running(self, if_it_ends: Callable[[], object] = lambda: None) -> AsyncIterator[None]:
        """Deliver in the background while the block runs; then return what is not done.

        If the engine ends before the block does, `if_it_ends` is called, once.
        """

        def note_the_end(ended: asyncio.Task[None]) -> None:
            self._has_ended = True
            error = None if ended.cancelled() else ended.exception()
            log.critical("engine ended", exc_info=error or False)
            if_it_ends()

        loop = asyncio.create_task(self.run())
        loop.add_done_callback(note_the_end)
        try:
            yield
        finally:
            loop.remove_done_callback(note_the_end)
            if not loop.done():
                loop.cancel()
                with suppress(asyncio.CancelledError):
                    await loop

    async def why_not(self) -> str | None:
        """Return why the process can't do all of its work, or None: see `running`."""
        return str(EngineEnded()) if self._has_ended else None

    async def run(self) -> None:
        """Deliver until cancelled; begin when the tables exist."""
        pause = SHORTEST_PAUSE_SECONDS
        try:
            while (reason := await why_not_migrated(self._database)) is not None:
                self._note(reason)
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            async with self._notifier.listening(), self.housekeeping.running():
                while True:
                    found = await unbroken(self._step_if_possible())  # what it claimed, it starts
                    pause = SHORTEST_PAUSE_SECONDS if found else _longer(pause)
                    if not found:
                        await self._notifier.wait(pause)
        finally:
            await self._executor.stop()

    async def step(self) -> int:
        """Claim what is due and start it; return how much was found."""
        places = await self._executor.places()
        with metrics.CLAIM_SECONDS.time():
            found = await self._claimer.claim(
                places,
                lease=self._executor.lease,
                counts_attempts=self._executor.counts_attempts,
            )
        await self._executor.start([t for t in found if t.state == DeliveryState.CLAIMED])
        # They were blocked: perhaps the delivery that they wait for was done meanwhile.
        for claim in one_of_each_stream(found, DeliveryState.BLOCKED):
            await self._runner.ends.unblock(claim.handler, claim.stream_id)
        return len(found)

    async def drain(self) -> None:
        """Do housekeeping, and deliver until nothing is due any more: for tests."""
        await self.housekeeping.once()
        while await self.step():
            await self._executor.finish()

    async def _step_if_possible(self) -> int:
        try:
            found = await self.step()
        except Unavailable as error:
            self._note(error.code)
        except Exception as error:  # noqa: BLE001 - it is logged
            # An engine that ended would not be noticed: its process continues without it.
            self._note(f"unexpected: {type(error).__name__}", error)
        else:
            self._note(None)
            return found
        await asyncio.sleep(LONGEST_PAUSE_SECONDS)
        return 0

    def _note(self, trouble: str | None, error: Exception | None = None) -> None:
        """Log each trouble once, however often it occurs, and its end."""
        if trouble and trouble != self._trouble:
            if error:
                log.error("deliveries wait", reason=trouble, exc_info=error)
            else:
                log.warning("deliveries wait", reason=trouble)
        elif self._trouble and not trouble:
            log.info("deliveries go on")
        self._trouble = trouble


def _longer(pause: float) -> float:
    return min(pause * 2, LONGEST_PAUSE_SECONDS)
