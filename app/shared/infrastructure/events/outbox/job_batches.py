"""Batches: jobs that belong together, and the callbacks that are enqueued at their end."""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self, Unpack
from uuid import UUID

from sqlalchemy import insert

from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import CommonTerms, InvalidJob, Job, JobRef
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.models import job_batch
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import APPEND, DELIVER, EventCollector
from app.shared.infrastructure.events.outbox.job_terms import Terms

JobRow = dict[str, Any]
ADD_BATCH: Final = Statement(insert(job_batch), columns=["id", "callbacks"])


class SqlJobBatch:
    """See `JobQueue.batch`. The end of the block writes the whole batch or nothing."""

    def __init__(
        self,
        connection: Connection,
        events: EventCollector,
        callbacks: Mapping[str, tuple[JobRow, JobRow]],
        rows_of_many: Callable[[Iterable[Job[Any]], Terms], tuple[list[JobRef[Any]], list[JobRow]]],
        write_many: Callable[[Iterable[JobRow]], Awaitable[None]],
    ) -> None:
        if not callbacks:
            raise InvalidJob("batch", "at least one of then, catch, finally_")
        self._connection, self._events, self._callbacks = connection, events, callbacks
        self._rows_of_many, self._write_many = rows_of_many, write_many
        self._id, self._rows = new_id(), list[JobRow]()
        self._is_open, self._was_open = False, False

    async def __aenter__(self) -> Self:
        if self._was_open:
            message = "a batch has one `async with` block; begin another with uow.jobs.batch(…)"
            raise TypeError(message)
        self._is_open = self._was_open = True
        self._events.open_batches += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
        /,
    ) -> None:
        self._is_open = False
        self._events.open_batches -= 1
        if kind is not None:
            return
        if not self._rows:
            raise InvalidJob("batch", "at least one job")
        kept = {name: _kept(*rows) for name, rows in self._callbacks.items()}
        await self._connection.execute(ADD_BATCH, {"id": self._id, "callbacks": kept})
        await self._write_many(self._rows)

    async def enqueue_many(
        self, jobs: Iterable[Job[Any]], /, **terms: Unpack[CommonTerms]
    ) -> list[JobRef[Any]]:
        if not self._is_open:
            message = "a batch takes jobs only inside its `async with` block"
            raise TypeError(message)
        refs, rows = self._rows_of_many(jobs, Terms(**terms))
        self._rows += [row | {"batch_id": self._id} for row in rows]
        return refs


# --- Callbacks: kept as JSON until they are enqueued ----------------------------------------------

_NEW: Final = ("event_id", "aggregate_id", "occurred_at", "stream_id")


def _kept(event: JobRow, delivery: JobRow) -> dict[str, JobRow]:
    """Return the values that do not depend on the time of enqueuing."""
    return {
        "event": {name: value for name, value in event.items() if name not in _NEW},
        "delivery": {name: value for name, value in delivery.items() if name not in _NEW},
    }


async def enqueue_callback(connection: Connection, kept: dict[str, JobRow]) -> None:
    """Enqueue a callback now. The code that runs it decodes it, not this function."""
    id = new_id()
    ids = {name: _id(kept["event"][name]) for name in ("actor_id", "causation_id")}
    new = {"event_id": id, "aggregate_id": id, "occurred_at": dt.datetime.now(dt.UTC)}
    await connection.execute(APPEND, kept["event"] | ids | new)
    await connection.execute(DELIVER, kept["delivery"] | {"event_id": id, "stream_id": id})


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
