"""The sweep: what was set aside, and has nothing before it any more, is let go.

PROMOTE does so for one lane when something in it ends. This is for what nobody did it for: a
process died between its two steps, or somebody set the deliveries aside.
"""

from typing import Final

from sqlalchemy import ColumnElement, bindparam, not_, select, update

from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.deliveries import head_of, is_paused
from app.shared.infrastructure.events.states import DeliveryState, is_just

SWEPT_AT_ONCE: Final = 5_000

_this = event_delivery.c
_later = event_delivery.alias("later").c


def _first_of_lanes(*only: ColumnElement[bool]) -> Query:
    """Look at each lane in which something waits: so no plan of it can go through all pairs."""
    lanes = (
        select(_later.handler, _later.lane)
        .where(is_just(_later.state, DeliveryState.BLOCKED), *only)
        .distinct()
        .subquery("lanes")
    )
    head = head_of(lanes.c.handler, lanes.c.lane).correlate(lanes).scalar_subquery()
    first = (
        select(_this.id)
        .where(
            _this.handler == lanes.c.handler,
            _this.lane == lanes.c.lane,
            _this.lane_seq == head,
            is_just(_this.state, DeliveryState.BLOCKED),
        )
        .correlate(lanes)
        .scalar_subquery()
    )
    waiting = (
        select(first.label("id"))
        .select_from(lanes)
        .where(not_(is_paused(lanes.c.handler)))
        .subquery("waiting")
    )
    return Query(select(waiting.c.id).where(waiting.c.id.is_not(None)).limit(SWEPT_AT_ONCE))


FIRST_OF_LANES: Final = _first_of_lanes()
FIRST_OF_LANES_OF: Final = _first_of_lanes(_later.handler == bindparam("of_handler"))
LET_GO: Final = Query(
    update(event_delivery)
    .where(_this.id == bindparam("blocked"), _this.state == int(DeliveryState.BLOCKED))
    .values(state=int(DeliveryState.READY))
)
"""One by one: joined to what was found, with a plan that was made while the table was empty, it
would look through all that is found for each that waits."""


async def sweep(connection: Connection, *, handler: str | None = None) -> int:
    """Let go what is first in its lane, of one handler or of all; return how much was found."""
    if handler is None:
        rows = await connection.fetch_all(FIRST_OF_LANES, {})
    else:
        rows = await connection.fetch_all(FIRST_OF_LANES_OF, {"of_handler": handler})
    # In one order: another that sweeps has the same locks to take.
    first = [{"blocked": id} for id in sorted(row["id"] for row in rows)]
    if first:
        await connection.execute_many(LET_GO, first)
    return len(first)
