"""Leases: a claimed delivery belongs to its process until the lease ends or the process is gone."""

from typing import Final

import structlog
from sqlalchemy import ColumnElement, bindparam, case, func, select, update

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time, one_of
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.alone import alone
from app.shared.infrastructure.events.delivery.deliveries import UNBLOCK_NEXT
from app.shared.infrastructure.events.delivery.job_keys import is_superseded
from app.shared.infrastructure.events.delivery.states import DeliveryState, due_in, is_just
from app.shared.infrastructure.events.delivery.worker_ids import has_ended
from app.shared.infrastructure.events.operations import metrics

log = structlog.get_logger(__name__)

READY, CLAIMED, DEAD, _, _, _, _, CANCELLED, _ = DeliveryState

LEASES_AT_ONCE: Final = 500
NEVER_ENDED: Final = "its last attempt never came to an end: the process was gone, or stood still"

_this = event_delivery.c
_held = event_delivery.alias("held").c
_is_claimed = is_just(_held.state, CLAIMED)
IN_FLIGHT: Final = Statement(
    select(_held.handler, func.count().label("count")).where(_is_claimed).group_by(_held.handler)
)
"""How many deliveries of each handler are claimed."""

WORKER_IDS: Final = Statement(
    select(_held.worker_id).where(_is_claimed, _held.due_at > database_time()).distinct()
)
IS_OVER: Final = Statement(
    select(_held.id).where(_is_claimed, _held.due_at <= database_time()).limit(1)
)


_is_superseded = is_superseded(_this, CLAIMED)


def _end(*which: ColumnElement[bool]) -> Statement:
    ended = (
        select(_held.id)
        .where(_is_claimed, *which)
        .order_by(_held.handler, _held.due_at)
        .limit(LEASES_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    may_try = _this.attempts < _this.max_attempts
    return Statement(
        update(event_delivery)
        .where(one_of(_this.id, ended), _this.state == int(CLAIMED))
        .values(
            # A delivery whose attempts all started and never ended killed its process each time.
            state=case((_is_superseded, int(CANCELLED)), (may_try, int(READY)), else_=int(DEAD)),
            done_at=case((_is_superseded, database_time())),
            **due_in(),
            worker_id=None,
            last_error=case((may_try, _this.last_error), else_=NEVER_ENDED),
        )
        .returning(_this.handler, _this.stream_id, _this.state, _this.attempts)
    )


END_OVER: Final = _end(_held.due_at <= database_time())
END_OF_WORKER: Final = _end(_held.worker_id == bindparam("of_worker"))
"""For a process that is gone. A delivery that still runs is locked, and is left alone."""


async def end_leases(database: Database, registry: EventRegistry) -> tuple[int, bool]:
    """End the leases that are over, and those of processes that are known to be gone.

    Processes of other machines can't be checked; there the lease decides. A process that was
    wrongly considered dead finds its claim lost, as if its lease had ended. Returns how many were
    ended, and whether there may be more.
    """
    worker_ids = [row["worker_id"] for row in await database.fetch_all(WORKER_IDS, {})]
    gone = [worker_id for worker_id in worker_ids if has_ended(worker_id)]
    if not gone and await database.fetch_one(IS_OVER, {}) is None:
        return 0, False
    if gone:
        log.warning("deliveries of processes that are gone", worker_ids=gone)
    async with alone(database, "leases") as connection:
        if connection is None:
            return 0, False
        ended = list(await connection.fetch_all(END_OVER, {}))
        for worker_id in gone:
            ended += await connection.fetch_all(END_OF_WORKER, {"of_worker": worker_id})
        for row in ended:
            if row["state"] == READY:
                continue
            stream = {"of_handler": row["handler"], "of_stream": row["stream_id"]}
            await connection.execute(UNBLOCK_NEXT, stream)
        await connection.commit()
    for row in ended:
        if row["state"] == DEAD:
            metrics.count_run(registry, row["handler"], "dead", row["attempts"])
    return len(ended), len(ended) >= LEASES_AT_ONCE
