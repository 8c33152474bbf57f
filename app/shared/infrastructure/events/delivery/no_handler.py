"""Parks deliveries that have no handler in this code, and makes them ready when they have one."""

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import bindparam, case, func, select, update

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time, one_of
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import demands
from app.shared.infrastructure.events.delivery.alone import alone
from app.shared.infrastructure.events.delivery.job_keys import is_superseded
from app.shared.infrastructure.events.delivery.states import DeliveryState, due_in, is_just

log = structlog.get_logger(__name__)

PARKED_AT_ONCE: Final = 500

_this = event_delivery.c
_orphans = event_delivery.alias("no_handler").c
_is_orphan = is_just(_orphans.state, DeliveryState.NO_HANDLER)

_begin = (
    select(func.min(_orphans.handler).label("id")).where(_is_orphan).cte("handlers", recursive=True)
)
_next = select(func.min(_orphans.handler)).where(_is_orphan, _orphans.handler > _begin.c.id)
_handlers = _begin.union_all(select(_next.scalar_subquery()).where(_begin.c.id.is_not(None)))
HANDLERS: Final = Statement(select(_handlers.c.id).where(_handlers.c.id.is_not(None)))
"""The handlers that have parked deliveries: a step into an index for each, however many."""

_first = (
    select(_orphans.id)
    .where(_is_orphan, _orphans.handler == bindparam("of_handler"))
    .order_by(_orphans.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_is_superseded = is_superseded(_this, DeliveryState.NO_HANDLER)
REQUEUE: Final = Statement(
    update(event_delivery)
    .where(one_of(_this.id, _first))
    .values(
        state=case((_is_superseded, int(DeliveryState.CANCELLED)), else_=int(DeliveryState.READY)),
        done_at=case((_is_superseded, database_time())),
        attempts=0,
        **due_in(),
    )
)


_due = (
    select(_orphans.id)
    .where(
        is_just(_orphans.state, DeliveryState.READY),
        _orphans.handler == bindparam("of_handler"),
        _orphans.due_at <= database_time(),
    )
    .order_by(_orphans.handler, _orphans.priority, _orphans.due_at, _orphans.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
PARK: Final = Statement(
    update(event_delivery)
    .where(one_of(_this.id, _due), _this.state == int(DeliveryState.READY))
    .values(state=int(DeliveryState.NO_HANDLER), worker_id=None)
)


async def park(database: Database, registry: EventRegistry, *, most: int = PARKED_AT_ONCE) -> int:
    """Park due deliveries whose handlers this code does not have; return how many.

    Processes claim only for handlers that they know, so otherwise these would wait forever.
    """
    stored = [row["id"] for row in await database.fetch_all(demands.HANDLERS, {})]
    unknown = [handler for handler in stored if registry.handler(handler) is None]
    hit = await _change_each(database, PARK, unknown, most=most)
    if hit:
        log.warning("deliveries have no handler", handlers=unknown, deliveries=hit)
    return hit


async def requeue(
    database: Database, registry: EventRegistry, *, most: int = PARKED_AT_ONCE
) -> int:
    """Make the next parked deliveries ready for each handler that exists; return how many."""
    stored = [row["id"] for row in await database.fetch_all(HANDLERS, {})]
    known = [handler for handler in stored if registry.handler(handler)]
    return await _change_each(database, REQUEUE, known, most=most)


async def _change_each(
    database: Database, change: Statement, handlers: Sequence[str], *, most: int
) -> int:
    if not handlers:
        return 0
    async with alone(database, "no_handler") as connection:
        if connection is None:
            return 0
        hit = [
            await connection.execute(change, {"of_handler": handler, "most": most})
            for handler in handlers
        ]
        await connection.commit()
    return sum(hit)
