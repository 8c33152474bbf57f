"""Running one delivery: the handler's effect and the note that it is done, in one transaction."""

import asyncio
import random
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID, uuid5

import structlog

from app.core.context import WorkContext, current_work
from app.core.events import (
    DeadLetter,
    Discard,
    EventRegistry,
    Handler,
    MoreToDo,
    Retry,
)
from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import Connection, Database, Row
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events import deliveries, metrics
from app.shared.infrastructure.events.decoding import decoded
from app.shared.infrastructure.events.states import DeliveryState

T = TypeVar("T")
log = structlog.get_logger(__name__)

LONGEST_DELAY_SECONDS: Final = 3600.0
ERROR_LENGTH: Final = 2_000


class Overtaken(Exception):
    """Our lease ended and somebody else has the delivery: nothing of ours may stay."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours until its lease ends."""

    id: int
    token: int
    attempts: int
    state: int
    handler: str
    lane: UUID

    @property
    def held(self) -> dict[str, int]:
        """What every change of it names."""
        return {"held": self.id, "with_token": self.token}


class Outcome(NamedTuple):
    """How a run ended that did not fail: what is written of its delivery, and how it is counted."""

    write: Query
    counted_as: str
    note: str | None = None


DONE: Final = Outcome(deliveries.FINISH, "done")
MORE: Final = Outcome(deliveries.CONTINUE, "continued")


class Runner:
    """Runs deliveries that were taken, each to its end: done, to be tried again, or dead."""

    def __init__(
        self, database: Database, registry: EventRegistry, *, owner: str, lease: float
    ) -> None:
        self._database, self._registry = database, registry
        self.owner, self.lease = owner, lease

    async def run(self, taken: Taken, *, is_late: Callable[[], bool] = lambda: False) -> None:
        """Run one. Raises nothing of the handler's; Unavailable if the database is away.

        If it is cancelled it is given back untried, unless `is_late` says that it took too long.
        """
        handler = self._registry.handler(taken.handler)
        if handler is None:
            await self._change(deliveries.PARK, taken)
            metrics.count_run(taken.handler, "parked", taken.attempts)
            log.warning("delivery parked", handler=taken.handler, delivery=taken.id)
            return
        try:
            if handler.subscription.transactional:
                await self._in_one_transaction(taken, handler)
            else:
                await self._under_a_lease(taken, handler)
        except Overtaken:
            metrics.count_run(taken.handler, "overtaken", taken.attempts)
            log.warning("delivery overtaken", handler=taken.handler, delivery=taken.id)
        except asyncio.CancelledError:
            over = TimeoutError("over its time limit")
            await unbroken(self._fail(taken, over) if is_late() else self.release(taken))
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is noted, not raised
            await unbroken(self._fail(taken, error))
        else:
            await self.promote(taken)

    async def release(self, taken: Taken) -> None:
        """Give one back untried."""
        await self._change(deliveries.RELEASE, taken)

    async def extend(self, held: Sequence[Taken]) -> None:
        """Begin the lease of what is held anew, if the database is there: else the next time."""
        extended = [taken.held | {"lease": self.lease} for taken in held]
        if not extended:
            return
        with suppress(Unavailable):
            async with self._database.transaction() as connection:
                await connection.execute_many(deliveries.EXTEND, extended)
                await connection.commit()

    async def promote(self, taken: Taken) -> None:
        """Let the next one of the lane go. Own transaction, so that it sees ours committed."""
        lane = {"of_handler": taken.handler, "of_lane": taken.lane}
        if await self._database.fetch_one(deliveries.WAITING, lane) is None:
            return  # as most often: a look costs less than a transaction
        async with self._database.transaction() as connection:
            await connection.execute(deliveries.PROMOTE, lane)
            await connection.commit()

    async def _in_one_transaction(self, taken: Taken, handler: Handler) -> None:
        """Exactly once: effect, new events and the note that it is done, together or not at all."""
        async with self._database.transaction() as connection:
            row = await self._load(connection, taken)
            with _working_on(row):
                uow = handler.unit_of_work().join(connection)
                outcome = await self._call(handler, row, uow)
                await uow.flush()
            await self._finish(connection, taken, outcome)

    async def _under_a_lease(self, taken: Taken, handler: Handler) -> None:
        """At least once: the effect is somewhere else, no transaction waits for it meanwhile."""
        async with self._database.transaction() as connection:
            row = await self._load(connection, taken)
        async with self._lease_extended(taken):
            with _working_on(row):
                outcome = await self._call(handler, row, delivery_key(row["event_id"], handler.id))
        async with self._database.transaction() as connection:
            await self._finish(connection, taken, outcome)

    async def _load(self, connection: Connection, taken: Taken) -> Row:
        row = await connection.fetch_one(deliveries.LOAD, taken.held)
        if row is None:
            raise Overtaken
        return row

    async def _call(self, handler: Handler, row: Row, second: object) -> Outcome:
        event = decoded(self._registry, row)
        try:
            with metrics.HANDLER_SECONDS.labels(handler.id).time():
                async with asyncio.timeout(handler.subscription.timeout):
                    await handler.call(event, second)
        except Discard as discarded:
            return Outcome(deliveries.FINISH, "discarded", f"discarded: {discarded}")
        except MoreToDo:
            return MORE
        except asyncio.CancelledError as error:
            if _is_being_stopped():
                raise
            raise RuntimeError("the handler was cancelled, but not by us") from error
        return DONE

    async def _finish(self, connection: Connection, taken: Taken, outcome: Outcome) -> None:
        if await connection.execute(outcome.write, taken.held | {"note": outcome.note}) != 1:
            raise Overtaken
        await connection.commit()
        metrics.count_run(taken.handler, outcome.counted_as, taken.attempts)

    async def _fail(self, taken: Taken, error: Exception) -> None:
        note = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
        failed = {
            "note": note,
            "is_fatal": isinstance(error, DeadLetter),
            "delay": _delay(taken.attempts, error),
        }
        attempt = {
            "delivery_id": taken.id,
            "token": taken.token,
            "attempt": taken.attempts,
            "owner": self.owner,
            "error_class": type(error).__name__,
            "error": note,
            "traceback": "".join(traceback.format_exception(error))[-10 * ERROR_LENGTH :],
        }
        async with self._database.transaction() as connection:
            row = await connection.fetch_one(deliveries.FAIL, taken.held | failed)
            if row is None:
                return
            await connection.execute(deliveries.ADD_ATTEMPT, attempt)
            await connection.commit()
        is_dead = row["state"] == DeliveryState.DEAD
        metrics.count_run(taken.handler, "dead" if is_dead else "failed", taken.attempts)
        log.warning(
            "delivery dead" if is_dead else "delivery failed",
            handler=taken.handler,
            delivery=taken.id,
            attempt=taken.attempts,
            error=note,
        )
        if is_dead:
            await self.promote(taken)

    async def _change(self, query: Query, taken: Taken) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(query, taken.held)
            await connection.commit()

    @asynccontextmanager
    async def _lease_extended(self, taken: Taken) -> AsyncIterator[None]:
        async def extend() -> None:
            while True:
                await asyncio.sleep(self.lease / 3)
                await self.extend([taken])

        heartbeat = asyncio.create_task(extend())
        try:
            yield
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Return what it returns. Whoever cancels waits for its end."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def delivery_key(event_id: UUID, handler_id: str) -> str:
    """Return what the other side can tell a repetition by.

    It follows from the event and the handler's id alone (UUIDv5, RFC 9562), so it is the same for
    every attempt, also after a replay or in a restored database, and no other delivery has it. It
    has no full stop, by which a signed message is divided.
    """
    return str(uuid5(event_id, handler_id))


def _is_being_stopped() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@contextmanager
def _working_on(row: Row) -> Iterator[None]:
    """Carry on in the name of whoever caused the event: log lines and new events say so."""
    token = current_work.set(
        WorkContext(
            request_id=row["correlation_id"] or "",
            actor_id=row["actor_id"],
            traceparent=row["traceparent"],
            caused_by=row["event_id"],
            caused_at=row["occurred_at"],
        )
    )
    try:
        yield
    finally:
        current_work.reset(token)


def _delay(attempts: int, error: Exception) -> float:
    """Twice as long after each attempt, up to an hour, and never the same for all (± 25 %).

    A handler may ask for more, not for less: its attempts are to last as long as they always do.
    """
    usual: float = min(LONGEST_DELAY_SECONDS, 2.0 * 2**attempts)
    usual *= random.uniform(0.75, 1.25)  # noqa: S311 - nothing secret
    return max(usual, error.after) if isinstance(error, Retry) else usual
