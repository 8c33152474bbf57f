"""The ends of batches: each callback is enqueued once, by the process that finds it due.

The engine checks a batch after the commit of each job that ended, so the last one sees all others.
Housekeeping checks too: for jobs that a person discarded or cancelled, and after a crash.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, job_batch
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from app.shared.infrastructure.events.outbox.job_batches import enqueue_callback

BATCHES_AT_ONCE: Final = 200
BEFORE_ALL: Final = UUID(int=0)
_FAILED: Final = (DeliveryState.DEAD, DeliveryState.DISCARDED, DeliveryState.CANCELLED)
_UNFINISHED: Final = tuple(
    state for state in DeliveryState if state not in {DeliveryState.DONE, *_FAILED}
)

_batch, _member = job_batch.c, event_delivery.c


def _first_member(*states: DeliveryState) -> ColumnElement[int]:
    """A step into an index. An `EXISTS` might become a join that reads all members."""
    return (
        select(_member.id)
        .where(_member.batch_id == _batch.id, is_in(_member.state, *states))
        .limit(literal_column("1"))
        .correlate(job_batch)
        .scalar_subquery()
    )


_is_open = _batch.closed_at.is_(None)
_has_failed = and_(_batch.failed_at.is_(None), _first_member(*_FAILED).is_not(None))
_has_ended = _first_member(*_UNFINISHED).is_(None)
_is_due = or_(_has_failed, _has_ended)
_is_this = _batch.id == bindparam("of_batch")

IS_DUE: Final = Statement(select(_batch.id).where(_is_this, _is_open, _is_due))
FAIL_BATCH: Final = Statement(
    update(job_batch)
    .where(_is_this, _is_open, _has_failed)
    .values(failed_at=database_time())
    .returning(_batch.callbacks)
)
CLOSE_BATCH: Final = Statement(
    update(job_batch)
    # A job that failed after the statement above closes the batch itself, after its commit.
    .where(_is_this, _is_open, _has_ended, not_(_has_failed))
    .values(closed_at=database_time())
    .returning(_batch.callbacks, _batch.failed_at)
)
OPEN_BATCHES: Final = Statement(
    select(_batch.id, _is_due.label("is_due"))
    .where(_is_open, _batch.id > bindparam("after_batch", type_=_batch.id.type))
    .order_by(_batch.id)
    .limit(bindparam("most", type_=Integer))
)


async def settle_batches(database: Database, ids: Iterable[UUID | None]) -> None:
    """Check the batches of deliveries that ended, after the commit of their ends."""
    for id in {id for id in ids if id is not None}:
        await settle_batch(database, id)


async def settle_batch(database: Database, batch_id: UUID) -> int:
    """Enqueue the callbacks of a batch that are due; return how many."""
    asked = {"of_batch": batch_id}
    if await database.fetch_one(IS_DUE, asked) is None:
        return 0  # the usual case: a read costs less than a transaction
    async with database.transaction() as connection:
        due = []
        if failed := await connection.fetch_one(FAIL_BATCH, asked):
            due.append(failed["callbacks"].get("catch"))
        if closed := await connection.fetch_one(CLOSE_BATCH, asked):
            if closed["failed_at"] is None:
                due.append(closed["callbacks"].get("then"))
            due.append(closed["callbacks"].get("finally"))
        callbacks = [callback for callback in due if callback is not None]
        for callback in callbacks:
            await enqueue_callback(connection, callback)
        await connection.commit()
    return len(callbacks)


class OpenBatches:
    """Goes through all open batches, one page each time, and then begins again."""

    def __init__(self, database: Database) -> None:
        self._database, self._after = database, BEFORE_ALL

    async def settle(self) -> tuple[int, bool]:
        """Settle the next page; return how many callbacks were enqueued, and if there are more."""
        page = {"after_batch": self._after, "most": BATCHES_AT_ONCE}
        rows = await self._database.fetch_all(OPEN_BATCHES, page)
        hit = [await settle_batch(self._database, row["id"]) for row in rows if row["is_due"]]
        has_more = len(rows) == BATCHES_AT_ONCE
        self._after = rows[-1]["id"] if has_more else BEFORE_ALL
        return sum(hit), has_more
