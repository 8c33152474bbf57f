"""What an older version of this code had no handler for, and this one has."""

from typing import Final

from sqlalchemy import bindparam, case, func, select, update

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time, one_of
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.job_keys import is_superseded
from app.shared.infrastructure.events.delivery.states import DeliveryState, due_in, is_just

REQUEUED_AT_ONCE: Final = 500

_this = event_delivery.c
_orphans = event_delivery.alias("no_handler").c
_is_orphan = is_just(_orphans.state, DeliveryState.NO_HANDLER)

_begin = (
    select(func.min(_orphans.handler).label("id")).where(_is_orphan).cte("handlers", recursive=True)
)
_next = select(func.min(_orphans.handler)).where(_is_orphan, _orphans.handler > _begin.c.id)
_handlers = _begin.union_all(select(_next.scalar_subquery()).where(_begin.c.id.is_not(None)))
HANDLERS: Final = Statement(select(_handlers.c.id).where(_handlers.c.id.is_not(None)))
"""For whom something is parked: a step into an index for each, however much it is."""

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


async def requeue(
    database: Database, registry: EventRegistry, *, most: int = REQUEUED_AT_ONCE
) -> int:
    """Have the next ones that are parked taken, of each handler that is there; return how many."""
    stored = [row["id"] for row in await database.fetch_all(HANDLERS, {})]
    known = [handler for handler in stored if registry.handler(handler)]
    if not known:
        return 0
    async with database.transaction() as connection:
        hit = [
            await connection.execute(REQUEUE, {"of_handler": handler, "most": most})
            for handler in known
        ]
        await connection.commit()
    return sum(hit)
