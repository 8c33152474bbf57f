"""Runs one delivery: the handler's effect and the record that it is done, in one transaction."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog

from app.core.endings import Continue, DeadLetter, Discard
from app.core.events import EventRegistry, Handler
from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import (
    Connection,
    Database,
    IntegrityViolation,
    Reads,
    Row,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.cancelling import is_being_stopped, unbroken
from app.shared.infrastructure.events.delivery.claims import Claim, ClaimLost
from app.shared.infrastructure.events.delivery.delays import delay_after
from app.shared.infrastructure.events.delivery.delivery_context import (
    attempting,
    delivery_key,
    working_on,
)
from app.shared.infrastructure.events.delivery.ends import Ends
from app.shared.infrastructure.events.delivery.group_sizes import GroupSizes
from app.shared.infrastructure.events.delivery.job_runs import (
    CANCELLED,
    EXPIRED,
    IS_CANCELLED,
    LOAD_JOB,
    SUPERSEDED,
    WITHDRAW,
    JobRun,
    Withdrawn,
)
from app.shared.infrastructure.events.delivery.outcomes import (
    CONTINUED,
    DONE,
    Outcome,
    continued,
    discarded_by,
    finished,
)
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.operations import metrics
from app.shared.infrastructure.events.outbox.decoding import decoded

log = structlog.get_logger(__name__)

ERROR_LENGTH: Final = 2_000


class Runner:
    """Runs claimed deliveries, each to its end: done, to be tried again, or dead."""

    def __init__(
        self, database: Database, registry: EventRegistry, *, worker_id: str, lease: float
    ) -> None:
        self.database, self.registry = database, registry
        self.worker_id, self.lease = worker_id, lease
        self.sizes, self.ends = GroupSizes(), Ends(database)

    async def run(self, claim: Claim, *, is_late: Callable[[], bool] = lambda: False) -> bool:
        """Run one; return whether it is done. Raises no error of the handler; raises Unavailable if
        the database is down.

        If it is cancelled it is returned untried, unless `is_late` says that it took too long.
        """
        handler = self.registry.handler(claim.handler)
        if handler is None:
            await self._change(deliveries.MARK_NO_HANDLER, claim)
            self.count(claim, "no_handler")
            log.warning("delivery has no handler", handler=claim.handler, delivery=claim.id)
            return False
        try:
            if handler.subscription.transactional:
                await self._in_one_transaction(claim, handler)
            else:
                await self._under_a_lease(claim, handler)
        except Withdrawn as withdrawn:
            await self._withdraw(claim, str(withdrawn))
        except ClaimLost:
            self.count(claim, "claim_lost")
            log.warning("claim lost", handler=claim.handler, delivery=claim.id)
        except asyncio.CancelledError:
            over = TimeoutError("over its time limit")
            await unbroken(self.fail(claim, over) if is_late() else self.release(claim))
            raise
        except Exception as error:  # noqa: BLE001 - a handler's error is recorded, not raised
            await unbroken(self.fail(claim, error))
        else:
            await self.ends.follow(claim)
            return True
        return False

    async def release(self, claim: Claim) -> None:
        """Return one delivery untried."""
        try:
            await self._change(deliveries.RELEASE, claim)
        except IntegrityViolation:  # it would wait beside another one with its key
            await self._withdraw(claim, SUPERSEDED)

    async def extend(self, held: Sequence[Claim]) -> None:
        """Begin the lease of these claims again: without a database, do so the next time."""
        extended = [claim.held | {"lease": self.lease} for claim in held]
        if not extended:
            return
        with suppress(Unavailable):
            async with self.database.transaction() as connection:
                await connection.execute_many(deliveries.EXTEND, extended)
                await connection.commit()

    def count(self, claim: Claim, outcome: str) -> None:
        """Count a run that has just ended."""
        metrics.count_run(self.registry, claim.handler, outcome, claim.attempts)

    async def _in_one_transaction(self, claim: Claim, handler: Handler) -> None:
        """Exactly once: effect, new events and record of the end commit together, or not at all."""
        async with self.database.transaction() as connection:
            row = await self._load(connection, claim, handler)
            outcome, uow = await self.call_in(connection, claim, handler, row)
            await self._finish(connection, claim, outcome)
        with working_on(row):
            await uow.run_after_commit()

    async def call_in(
        self, connection: Connection, claim: Claim, handler: Handler, row: Row
    ) -> tuple[Outcome, Any]:
        """Call the handler in this transaction, and write its events."""
        with attempting(handler.id, row):
            uow = handler.unit_of_work().join(connection)
            second = self._run(claim, row, connection, uow) if handler.is_job else uow
            outcome = await self._call(handler, row, second)
            await uow.flush()
        return outcome, uow

    async def _under_a_lease(self, claim: Claim, handler: Handler) -> None:
        """At least once: the effect is outside the database, so no transaction stays open."""
        row = await self._load(self.database, claim, handler)
        async with self._lease_extended(claim):
            with attempting(handler.id, row):
                second = self._run(claim, row) if handler.is_job else _key(claim, row)
                outcome = await self._call(handler, row, second)
        await self._finish_outside(claim, outcome)

    async def _load(self, connection: Reads, claim: Claim, handler: Handler) -> Row:
        load = LOAD_JOB if handler.is_job else deliveries.LOAD
        row = await connection.fetch_one(load, claim.held)
        if row is None:
            raise ClaimLost
        if handler.is_job and row["is_cancelled"]:
            raise Withdrawn(CANCELLED)
        if handler.is_job and row["is_expired"]:
            raise Withdrawn(EXPIRED)
        return row

    def _run(
        self, claim: Claim, row: Row, connection: Connection | None = None, uow: Any = None
    ) -> JobRun:
        within = (self.database, connection)
        return JobRun(*within, claim.id, row, key=_key(claim, row), uow=uow)

    async def _call(self, handler: Handler, row: Row, second: object) -> Outcome:
        event = decoded(self.registry, row)
        try:
            with metrics.timed(handler.id, handler.subscription.queue_name):
                async with asyncio.timeout(handler.subscription.timeout):
                    result = await handler.call(event, second)
        except Discard as discarded:
            return discarded_by(discarded)
        except Continue as more:
            return continued(more, row) if handler.is_job else CONTINUED
        except asyncio.CancelledError as error:
            if is_being_stopped():
                raise
            raise RuntimeError("the handler was cancelled, but not by us") from error
        return finished(result) if handler.is_job else DONE

    async def _finish_outside(self, claim: Claim, outcome: Outcome) -> None:
        """Record how a run ended that had no transaction, if possible together with others."""
        if outcome.together is None:
            async with self.database.transaction() as connection:
                await self._finish(connection, claim, outcome)
            return
        # Once the handler has done its work, a stop waits until that is recorded.
        if not await unbroken(self.ends.finish(claim, outcome.together)):
            raise Withdrawn(CANCELLED) if await _is_cancelled(self.database, claim) else ClaimLost
        self.count(claim, outcome.counted_as)

    async def _finish(self, connection: Connection, claim: Claim, outcome: Outcome) -> None:
        await self.write(connection, claim, outcome)
        await connection.commit()
        self.count(claim, outcome.counted_as)

    async def write(self, connection: Connection, claim: Claim, outcome: Outcome) -> None:
        """Record how it ended. Raises ClaimLost or Withdrawn if it is not ours any more."""
        if await connection.execute(outcome.write, claim.held | {"note": outcome.note}) != 1:
            raise Withdrawn(CANCELLED) if await _is_cancelled(connection, claim) else ClaimLost
        if outcome.keep is not None:
            await connection.execute(outcome.keep, {"delivery_id": claim.id, **outcome.kept})

    async def fail(self, claim: Claim, error: Exception) -> None:
        try:
            await self._note_failure(claim, error)
        except Withdrawn as withdrawn:
            await self._withdraw(claim, str(withdrawn))
        except IntegrityViolation:  # it would wait beside another one with its key
            await self._withdraw(claim, SUPERSEDED)

    async def _withdraw(self, claim: Claim, reason: str) -> None:
        """End a job that must not run any more, and unblock the next delivery of its stream."""
        await self._change(WITHDRAW, claim, note=reason)
        self.count(claim, "cancelled")
        log.info("job cancelled", handler=claim.handler, delivery=claim.id, reason=reason)
        await self.ends.follow(claim)

    async def _note_failure(self, claim: Claim, error: Exception) -> None:
        note = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
        failed = {
            "note": note,
            "is_fatal": isinstance(error, DeadLetter),
            "delay": delay_after(claim.attempts, error),
        }
        attempt = {
            "delivery_id": claim.id,
            "token": claim.token,
            "attempt": claim.attempts,
            "worker_id": self.worker_id,
            "error_class": type(error).__name__,
            "error": note,
            "traceback": "".join(traceback.format_exception(error))[-10 * ERROR_LENGTH :],
        }
        async with self.database.transaction() as connection:
            if await _is_cancelled(connection, claim):
                raise Withdrawn(CANCELLED)
            row = await connection.fetch_one(deliveries.FAIL, claim.held | failed)
            if row is None:
                return
            await connection.execute(deliveries.ADD_ATTEMPT, attempt)
            await connection.commit()
        is_dead = row["state"] == DeliveryState.DEAD
        self.count(claim, "dead" if is_dead else "failed")
        log.warning(
            "delivery dead" if is_dead else "delivery failed",
            handler=claim.handler,
            delivery=claim.id,
            attempt=claim.attempts,
            error=note,
        )
        if is_dead:
            await self.ends.follow(claim)

    async def _change(self, query: Statement, claim: Claim, **params: str) -> None:
        await self.database.execute(query, claim.held | params)

    @asynccontextmanager
    async def _lease_extended(self, claim: Claim) -> AsyncIterator[None]:
        async def extend() -> None:
            while True:
                await asyncio.sleep(self.lease / 3)
                await self.extend([claim])

        heartbeat = asyncio.create_task(extend())
        try:
            yield
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)


def _key(claim: Claim, row: Row) -> str:
    return delivery_key(row["event_id"], claim.handler)


async def _is_cancelled(reads: Reads, claim: Claim) -> bool:
    return await reads.fetch_one(IS_CANCELLED, {"of_delivery": claim.id}) is not None
