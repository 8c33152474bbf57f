"""The sweep: what was set aside, and has nothing before it any more, is let go.

PROMOTE does so for one lane when something in it ends. This is for what nobody did it for: a
process died between its two steps, or somebody set the deliveries aside. It goes along the lanes
page by page, so that no number of lanes makes a statement long.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    bindparam,
    func,
    literal_column,
    not_,
    null,
    select,
    update,
)

from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import time_limit
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.deliveries import head_of, is_paused
from app.shared.infrastructure.events.states import DeliveryState, is_just

LANES_AT_ONCE: Final = 500
LIMIT_SECONDS: Final = 0.5
BEFORE_ALL: Final = UUID(int=0)

_this = event_delivery.c
_blocked = event_delivery.alias("blocked").c
_is_blocked = is_just(_blocked.state, DeliveryState.BLOCKED)
_handler = bindparam("of_handler", type_=_this.handler.type)

NEXT_HANDLER: Final = Query(
    select(func.min(_blocked.handler).label("id")).where(
        _is_blocked, _blocked.handler > bindparam("after_handler")
    )
)
"""The next one for which something is blocked."""


def _first_after(lane: ColumnElement[Any]) -> ColumnElement[Any]:
    """The next lane: a step into an index. `DISTINCT` would read all that waits in each lane."""
    return (
        select(_blocked.lane)
        .where(_is_blocked, _blocked.handler == _handler, _blocked.lane > lane)
        .order_by(_blocked.handler, _blocked.lane, _blocked.lane_seq)
        .limit(literal_column("1"))
        .scalar_subquery()
    )


_begin = (
    select(
        _first_after(bindparam("after_lane", type_=_this.lane.type)).label("lane"),
        literal_column("1").label("place"),
    )
    .where(not_(is_paused(_handler)))
    .cte("lanes", recursive=True)
)
_lanes = _begin.union_all(
    select(_first_after(_begin.c.lane), _begin.c.place + literal_column("1")).where(
        _begin.c.lane.is_not(None), _begin.c.place < bindparam("most")
    )
)
_free = (
    select(_this.id)
    .where(
        _this.handler == _handler,
        _this.lane == _lanes.c.lane,
        _this.lane_seq == head_of(_handler, _lanes.c.lane).correlate(_lanes).scalar_subquery(),
        is_just(_this.state, DeliveryState.BLOCKED),
    )
    .correlate(_lanes)
    .scalar_subquery()
)


def _page(free: ColumnElement[Any]) -> Query:
    lane, place = _lanes.c.lane, _lanes.c.place
    return Query(select(lane, free.label("free")).where(lane.is_not(None)).order_by(place))


PAGE: Final = _page(_free)
"""The next lanes of a handler in which something waits, and what of it may go; none if paused."""

PASSED: Final = _page(null())
"""The same lanes, looked into no further."""

LET_GO: Final = Query(
    update(event_delivery)
    .where(_this.id == bindparam("blocked"), _this.state == int(DeliveryState.BLOCKED))
    .values(state=int(DeliveryState.READY))
)
"""One by one: joined to what was found, with a plan that was made while the table was empty, it
would look through all that is found for each that waits."""

LIMITED: Final = Query(select(time_limit(LIMIT_SECONDS)))


class Lane(NamedTuple):
    """A place in the order of lanes: behind this one, or, without an id, behind the handler's."""

    handler: str
    id: UUID | None


START: Final = Lane("", None)


class Swept(NamedTuple):
    """How many deliveries were let go, and where to go on, unless that was all."""

    hit: int
    end: Lane | None


class Sweep:
    """Goes along all lanes in which something waits, a page each time, round and round.

    A page that takes too long is tried again with half as many lanes, in the same place. A single
    lane that takes too long is passed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after, self._most = START, LANES_AT_ONCE

    async def sweep(self) -> Swept:
        """Sweep the next page. Raises Unavailable."""
        try:
            swept = await self._sweep(PAGE)
        except Unavailable:
            if self._most == 1:
                self._after = (await self._sweep(PASSED)).end or START
            self._most = max(1, self._most // 2)
            raise
        self._after = swept.end or START
        self._most = min(LANES_AT_ONCE, self._most * 2)
        return swept

    async def _sweep(self, page: Query) -> Swept:
        async with self._database.transaction() as connection:
            await connection.fetch_one(LIMITED, {})
            after = await _next(connection, self._after)
            if after is None:
                return Swept(0, None)
            swept = await sweep(connection, page, after=after, most=self._most)
            await connection.commit()
        return swept


async def _next(connection: Connection, after: Lane) -> Lane | None:
    """Return the place, before the next handler's lanes if it is behind those of another."""
    if after.id is not None:
        return after
    row = await connection.fetch_one(NEXT_HANDLER, {"after_handler": after.handler})
    return Lane(row["id"], BEFORE_ALL) if row and row["id"] else None


async def sweep(
    connection: Connection, page: Query = PAGE, *, after: Lane, most: int = LANES_AT_ONCE
) -> Swept:
    """Let go what is first in the lanes of a page."""
    asked = {"of_handler": after.handler, "after_lane": after.id, "most": most}
    rows = await connection.fetch_all(page, asked)
    # In one order: another that sweeps has the same locks to take.
    first = [{"blocked": id} for id in sorted(row["free"] for row in rows if row["free"])]
    if first:
        await connection.execute_many(LET_GO, first)
    end = rows[-1]["lane"] if len(rows) == most else None
    return Swept(len(first), Lane(after.handler, end))


async def let_go(database: Database, handler: str) -> None:
    """Make ready what is first in its lane now. What a paused handler has to do stays."""
    after = Lane(handler, BEFORE_ALL)
    while after.id is not None:
        async with database.transaction() as connection:
            end = (await sweep(connection, after=after)).end
            await connection.commit()
        after = end or Lane(handler, None)
