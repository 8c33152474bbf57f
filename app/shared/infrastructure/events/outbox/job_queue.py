"""Enqueuing: a job is an event with one handler, written with the events of its transaction."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, Unpack
from uuid import UUID

from app.core.events import EventRegistry, Handler
from app.core.run_limits import Priority
from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Cancellation, CommonTerms, Job, JobRef, OnWaiting, Result
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.outbox import job_rows
from app.shared.infrastructure.events.outbox.event_log import (
    DELIVER,
    EventCollector,
    delivery_row,
    event_row,
)
from app.shared.infrastructure.events.outbox.job_arguments import arguments_of
from app.shared.infrastructure.events.outbox.job_batches import SqlJobBatch
from app.shared.infrastructure.events.outbox.job_terms import Terms, id_of

_PLACE: Final = {"aggregate_type": "job", "aggregate_version": 1, "ordinal": 0}

JobRow = dict[str, Any]


class SqlJobQueue:
    """See `JobQueue`.

    Most jobs are written with the events at the end of the transaction. A job with `key`, `once` or
    `order_by` depends on other jobs and is written at once.
    """

    def __init__(
        self, connection: Connection, registry: EventRegistry, events: EventCollector
    ) -> None:
        self._connection, self._registry, self._events = connection, registry, events

    async def enqueue(
        self,
        job: Job[Result],
        /,
        *,
        delay: dt.timedelta | None = None,
        due_at: dt.datetime | None = None,
        key: str | None = None,
        on_waiting: OnWaiting = "keep",
        once: str | None = None,
        order_by: UUID | int | str | None = None,
        priority: Priority | None = None,
        expires_at: dt.datetime | None = None,
    ) -> JobRef[Result]:
        terms = Terms(
            delay=delay,
            due_at=due_at,
            key=key,
            on_waiting=on_waiting,
            once=once,
            order_by=order_by,
            priority=priority,
            expires_at=expires_at,
        )
        event, delivery = self._rows(job, terms)
        if once is not None and (first := await self._append_once(event, once)) is not None:
            return JobRef(first)
        if order_by is not None:
            await self._set_order(delivery, str(order_by))
        if key is not None:
            waiting = await self._deliver_with_key(event, delivery, key, on_waiting)
            if waiting is not None:
                return JobRef(waiting)
        elif order_by is not None:
            await self._connection.execute(DELIVER, delivery)
        is_delivered = key is not None or order_by is not None
        self._events.add(
            event=event if once is None else None, delivery=None if is_delivered else delivery
        )
        return JobRef(event["event_id"])

    async def enqueue_many(
        self, jobs: Iterable[Job[Any]], /, **terms: Unpack[CommonTerms]
    ) -> list[JobRef[Any]]:
        refs, rows = self._rows_of_many(jobs, Terms(**terms))
        await self._write_many(rows)
        return refs

    def batch(
        self,
        *,
        then: Job[Any] | None = None,
        catch: Job[Any] | None = None,
        finally_: Job[Any] | None = None,
    ) -> SqlJobBatch:
        jobs = {"then": then, "catch": catch, "finally": finally_}
        rows = {name: self._rows(job, Terms()) for name, job in jobs.items() if job is not None}
        write = (self._rows_of_many, self._write_many)
        return SqlJobBatch(self._connection, self._events, rows, *write)

    async def cancel(self, kind: type[Job[Any]], /, *, key: str) -> Cancellation:
        of_key = {"of_handler": self._handler(kind).id, "of_key": key}
        return await self._cancel(job_rows.OPEN_WITH_KEY, of_key)

    async def cancel_one(self, ref: JobRef[Any], /) -> Cancellation:
        return await self._cancel(job_rows.OPEN_ONE, {"of_event": ref.id})

    # --- The rows

    def _rows(self, job: Job[Any], terms: Terms) -> tuple[JobRow, JobRow]:
        """Return the two rows of a job: the one of the log and the one of its delivery."""
        handler = self._handler(type(job))
        event = event_row(job, occurred_at=dt.datetime.now(dt.UTC), **_PLACE)
        id = event["aggregate_id"] = event["event_id"]
        arguments_of(type(job), [job], [id])
        return event, delivery_row(id, handler, id, 0) | terms.of_delivery()

    def _rows_of_many(
        self, jobs: Iterable[Job[Any]], terms: Terms
    ) -> tuple[list[JobRef[Any]], list[JobRow]]:
        """Return the references of the jobs and the rows to write. All jobs are checked first."""
        refs: list[JobRef[Any]] = []
        of_kind: dict[type[Job[Any]], dict[UUID, Job[Any]]] = {}
        for job in jobs:
            refs.append(JobRef(new_id()))
            of_kind.setdefault(type(job), {})[refs[-1].id] = job
        return refs, [self._many(kind, which, terms) for kind, which in of_kind.items()]

    def _many(self, kind: type[Job[Any]], jobs: dict[UUID, Job[Any]], terms: Terms) -> JobRow:
        """Return the common values of the jobs of one kind, and their own values in JSON."""
        event, delivery = self._rows(next(iter(jobs.values())), terms)
        return event | delivery | {"jobs": arguments_of(kind, list(jobs.values()), list(jobs))}

    def _handler(self, kind: type[Job[Any]]) -> Handler:
        handler = self._registry.handler_of_job(kind)
        if handler is None:
            message = (
                f"{kind.__module__}.{kind.__qualname__} has no handler; mark one with "
                f"@job({kind.__name__}), and name it in `handlers` of a module's container"
            )
            raise TypeError(message)
        return handler

    # --- Writing

    async def _write_many(self, rows: Iterable[JobRow]) -> None:
        for row in rows:
            await self._connection.execute(job_rows.APPEND_MANY, row)
            await self._connection.execute(job_rows.DELIVER_MANY, row)
            self._events.add()

    async def _append_once(self, event: JobRow, once: str) -> UUID | None:
        """Write the event if it is the first with its `once`; else return the id of the first."""
        event["aggregate_id"] = id_of("once", event["event_type"], once)
        if await self._connection.fetch_one(job_rows.APPEND_ONCE, event) is not None:
            return None
        place = {f"of_{name}": event[name] for name in (*_PLACE, "aggregate_id")}
        first = await self._connection.fetch_one(job_rows.FIND_ONCE, place)
        return None if first is None else first["event_id"]

    async def _set_order(self, delivery: JobRow, order_by: str) -> None:
        """Give the delivery the next position of its stream."""
        handler = delivery["handler"]
        stream = delivery["stream_id"] = id_of("order", handler, order_by)
        await self._connection.fetch_one(job_rows.LOCK_STREAM, {"name": f"job.order {stream}"})
        asked = {"of_handler": handler, "of_stream": stream}
        row = await self._connection.fetch_one(job_rows.LAST_POSITION, asked)
        delivery["stream_position"] = row["last"] + 1 if row else 1

    async def _deliver_with_key(
        self, event: JobRow, delivery: JobRow, key: str, on_waiting: OnWaiting
    ) -> UUID | None:
        """Write the delivery, or change the one that waits and return the id of its event."""
        statement = job_rows.DELIVER_WITH_KEY[on_waiting]
        written = await self._connection.fetch_one(statement, delivery | {"job_key": key})
        if written is None or written["event_id"] == event["event_id"]:
            return None
        if on_waiting != "keep":
            renewed = {f"new_{name}": event[name] for name in job_rows.REPLACED}
            of_event = {"of_event": written["event_id"]}
            await self._connection.execute(job_rows.REPLACE_ARGUMENTS, of_event | renewed)
        await self._connection.execute(job_rows.BEGIN_ANEW, {"of_delivery": written["id"]})
        self._events.add()
        id: UUID = written["event_id"]
        return id

    async def _cancel(self, which: Statement, asked: dict[str, Any]) -> Cancellation:
        await self._events.write(self._connection)  # perhaps it cancels what is not written yet
        found = [row["id"] for row in await self._connection.fetch_all(which, asked)]
        answers = [await self._cancel_delivery(id) for id in found]
        if Cancellation.WILL_STOP in answers:
            return Cancellation.WILL_STOP
        is_cancelled = Cancellation.CANCELLED in answers
        return Cancellation.CANCELLED if is_cancelled else Cancellation.TOO_LATE

    async def _cancel_delivery(self, id: int) -> Cancellation:
        one = {"delivery_id": id}
        await self._connection.execute(job_rows.MARK_CANCELLED, one)
        if (hit := await self._connection.fetch_one(job_rows.CANCEL, one)) is None:
            runs = await self._connection.fetch_one(job_rows.IS_OPEN, one)
            return Cancellation.WILL_STOP if runs else Cancellation.TOO_LATE
        stream = {"of_handler": hit["handler"], "of_stream": hit["stream_id"]}
        await self._connection.execute(deliveries.UNBLOCK_NEXT, stream)
        self._events.add()
        return Cancellation.CANCELLED
