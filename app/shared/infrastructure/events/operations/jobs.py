"""Shows jobs to the actors who enqueued them, and cancels jobs."""

from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, exists, literal_column, or_, select

from app.core.events import EventRegistry
from app.shared.application.dto.jobs import JobProgress, JobStatus, JobView
from app.shared.application.jobs import JobEnded, JobNotFound
from app.shared.domain.jobs import Cancellation, JobRef
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.models import (
    event_delivery,
    event_log,
    job_cancel,
    job_state,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.job_runs import kept_value
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.states import DeliveryState
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.events.outbox.job_queue import SqlJobQueue

_this, _event, _state = event_delivery.c, event_log.c, job_state.c
_actor = bindparam("of_actor", type_=Uuid)
FIND: Final = Statement(
    select(
        _this.id.label("delivery_id"),
        _event.event_id,
        _event.event_type,
        _event.recorded_at,
        _this.state,
        _this.attempts,
        _this.max_attempts,
        _this.due_at,
        _this.done_at,
        _state.progress_done,
        _state.progress_total,
        _state.result,
        exists(select(job_cancel).where(job_cancel.c.delivery_id == _this.id)).label("is_marked"),
    )
    .select_from(event_log)
    .join(event_delivery, _this.event_id == _event.event_id)
    .outerjoin(job_state, _state.delivery_id == _this.id)
    .where(
        _event.event_id == bindparam("of_job"),
        _event.aggregate_type == literal_column("'job'"),
        or_(_actor.is_(None), _event.actor_id == _actor),
    )
)

STATUSES: Final = {
    DeliveryState.READY: JobStatus.WAITING,
    DeliveryState.BLOCKED: JobStatus.WAITING,
    DeliveryState.HELD: JobStatus.WAITING,
    DeliveryState.NO_HANDLER: JobStatus.WAITING,
    DeliveryState.CLAIMED: JobStatus.RUNNING,
    DeliveryState.DONE: JobStatus.DONE,
    DeliveryState.DEAD: JobStatus.FAILED,
    DeliveryState.DISCARDED: JobStatus.CANCELLED,
    DeliveryState.CANCELLED: JobStatus.CANCELLED,
}


class SqlJobTracking:
    """See `JobTracking`."""

    def __init__(self, database: Database, registry: EventRegistry, notifier: Notifier) -> None:
        self._database, self._registry, self._notifier = database, registry, notifier

    async def find(self, job_id: UUID, /, *, actor_id: UUID | None = None) -> JobView:
        return _view(await self._find(job_id, actor_id))

    async def cancel(self, job_id: UUID, /, *, actor_id: UUID | None = None) -> JobView:
        await self._find(job_id, actor_id)
        async with self._database.transaction() as connection:
            queue = SqlJobQueue(connection, self._registry, EventCollector(self._registry))
            answer = await queue.cancel_one(JobRef(job_id))
            await connection.commit()
        self._notifier.notify()
        view = await self.find(job_id, actor_id=actor_id)
        if answer is Cancellation.TOO_LATE and view.status is not JobStatus.CANCELLED:
            raise JobEnded
        return view

    async def delivery_of(self, job_id: UUID, /) -> int:
        row = await self._find(job_id, None)
        id: int = row["delivery_id"]
        return id

    async def _find(self, job_id: UUID, actor_id: UUID | None) -> Row:
        asked = {"of_job": job_id, "of_actor": actor_id}
        row = await self._database.fetch_one(FIND, asked)
        if row is None:
            raise JobNotFound
        return row


def _view(row: Row) -> JobView:
    status = STATUSES[DeliveryState(row["state"])]
    # A job in parts waits between two of them; with the mark it never begins the next one.
    if row["is_marked"] and status in {JobStatus.RUNNING, JobStatus.WAITING}:
        status = JobStatus.STOPPING
    progress = None
    if row["progress_done"] is not None:
        progress = JobProgress(row["progress_done"], row["progress_total"])
    return JobView(
        id=row["event_id"],
        type=row["event_type"],
        status=status,
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
        progress=progress,
        result=kept_value(row["result"]),
        enqueued_at=row["recorded_at"],
        due_at=row["due_at"] if status is JobStatus.WAITING else None,
        ended_at=row["done_at"],
    )
