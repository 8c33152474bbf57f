"""What an older version of this code had no handler for, and this one has."""

from typing import Final

from sqlalchemy import bindparam, func, select, update

from app.core.events import EventRegistry
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import one_of
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.states import DeliveryState, due_in, is_just

UNPARKED_AT_ONCE: Final = 500

_this = event_delivery.c
_parked = event_delivery.alias("parked").c
_is_parked = is_just(_parked.state, DeliveryState.PARKED)

_begin = (
    select(func.min(_parked.handler).label("id")).where(_is_parked).cte("handlers", recursive=True)
)
_next = select(func.min(_parked.handler)).where(_is_parked, _parked.handler > _begin.c.id)
_handlers = _begin.union_all(select(_next.scalar_subquery()).where(_begin.c.id.is_not(None)))
HANDLERS: Final = Query(select(_handlers.c.id).where(_handlers.c.id.is_not(None)))
"""For whom something is parked: a step into an index for each, however much it is."""

_first = (
    select(_parked.id)
    .where(_is_parked, _parked.handler == bindparam("of_handler"))
    .order_by(_parked.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
UNPARK: Final = Query(
    update(event_delivery)
    .where(one_of(_this.id, _first))
    .values(state=int(DeliveryState.READY), attempts=0, **due_in())
)


async def unpark(
    database: Database, registry: EventRegistry, *, most: int = UNPARKED_AT_ONCE
) -> int:
    """Have the next ones that are parked taken, of each handler that is there; return how many."""
    stored = [row["id"] for row in await database.fetch_all(HANDLERS, {})]
    known = [handler for handler in stored if registry.handler(handler)]
    if not known:
        return 0
    async with database.transaction() as connection:
        hit = [
            await connection.execute(UNPARK, {"of_handler": handler, "most": most})
            for handler in known
        ]
        await connection.commit()
    return sum(hit)
