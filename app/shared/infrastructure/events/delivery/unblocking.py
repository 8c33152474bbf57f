"""Unblocking: a blocked delivery becomes ready when nothing before it is unfinished.

UNBLOCK_NEXT does so for one stream when a delivery in it ends. This module finds the streams that
were missed: a process died between its two steps, or a claim blocked the deliveries. It goes
through the streams page by page, so that no number of streams makes a statement long.

What waits behind a dead delivery is held: this module does not meet it again. A process that
changes a dead one frees its stream in the same transaction, so a held one is always behind a dead
one.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    bindparam,
    func,
    literal_column,
    null,
    select,
    update,
)

from app.core.exceptions import Unavailable
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import time_limit
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.alone import alone
from app.shared.infrastructure.events.delivery.deliveries import head_of
from app.shared.infrastructure.events.delivery.holding import hold
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    is_in,
    is_just,
)

STREAMS_AT_ONCE: Final = 500
LIMIT_SECONDS: Final = 0.5
BEFORE_ALL: Final = UUID(int=0)

_this = event_delivery.c
_blocked = event_delivery.alias("blocked").c
_is_blocked = is_just(_blocked.state, DeliveryState.BLOCKED)
_handler = bindparam("of_handler", type_=_this.handler.type)

NEXT_HANDLER: Final = Statement(
    select(func.min(_blocked.handler).label("id")).where(
        _is_blocked, _blocked.handler > bindparam("after_handler")
    )
)
"""The next handler for which a delivery is blocked."""


def _first_after(stream: ColumnElement[Any]) -> ColumnElement[Any]:
    """The next stream: a step into an index. `DISTINCT` would read all that is blocked in each."""
    return (
        select(_blocked.stream_id)
        .where(_is_blocked, _blocked.handler == _handler, _blocked.stream_id > stream)
        .order_by(_blocked.handler, _blocked.stream_id, _blocked.stream_position)
        .limit(literal_column("1"))
        .scalar_subquery()
    )


_begin = select(
    _first_after(bindparam("after_stream", type_=_this.stream_id.type)).label("stream_id"),
    literal_column("1").label("place"),
).cte("streams", recursive=True)
_streams = _begin.union_all(
    select(_first_after(_begin.c.stream_id), _begin.c.place + literal_column("1")).where(
        _begin.c.stream_id.is_not(None), _begin.c.place < bindparam("most")
    )
)


def _first_if(state: DeliveryState) -> ColumnElement[Any]:
    """The head of the stream if it is in this state."""
    return (
        select(_this.id)
        .where(
            _this.handler == _handler,
            _this.stream_id == _streams.c.stream_id,
            _this.stream_position
            == head_of(_handler, _streams.c.stream_id).correlate(_streams).scalar_subquery(),
            is_in(_this.state, *OPEN_STATES),
            _this.state == literal_column(str(int(state))),
        )
        .correlate(_streams)
        .scalar_subquery()
    )


def _page(free: ColumnElement[Any], dead: ColumnElement[Any]) -> Statement:
    stream, place = _streams.c.stream_id, _streams.c.place
    return Statement(
        select(stream, free.label("free"), dead.label("dead"))
        .where(stream.is_not(None))
        .order_by(place)
    )


PAGE: Final = _page(_first_if(DeliveryState.BLOCKED), _first_if(DeliveryState.DEAD))
"""The next streams of a handler with a blocked delivery: the one to unblock, or the dead one before
it."""

PASSED: Final = _page(null(), null())
"""The same streams, without a look into them."""

UNBLOCK: Final = Statement(
    update(event_delivery)
    .where(_this.id == bindparam("blocked"), _this.state == int(DeliveryState.BLOCKED))
    .values(state=int(DeliveryState.READY))
)
"""One by one. If it were joined to the result, a plan made while the table was empty would read the
whole result for each blocked delivery."""

LIMITED: Final = Statement(select(time_limit(LIMIT_SECONDS)))


class Stream(NamedTuple):
    """A place in the order of streams: after this one or, without an id, after the handler's."""

    handler: str
    id: UUID | None


START: Final = Stream("", None)


class Unblocked(NamedTuple):
    """How many deliveries were unblocked, and where to continue; None if that was all."""

    hit: int
    end: Stream | None


class Unblocker:
    """Goes through all streams with a blocked delivery, one page each time, and then begins again.

    A page that takes too long is tried again with half as many streams, from the same place. A
    single stream that takes too long is skipped.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after, self._most = START, STREAMS_AT_ONCE

    async def unblock(self) -> Unblocked:
        """Unblock the next page. Raises Unavailable."""
        try:
            unblocked = await self._unblock(PAGE)
        except Unavailable:
            if self._most == 1:
                self._after = (await self._unblock(PASSED)).end or START
            self._most = max(1, self._most // 2)
            raise
        self._after = unblocked.end or START
        self._most = min(STREAMS_AT_ONCE, self._most * 2)
        return unblocked

    async def _unblock(self, page: Statement) -> Unblocked:
        async with alone(self._database, "blocked") as connection:
            if connection is None:
                return Unblocked(0, None)
            await connection.fetch_one(LIMITED, {})
            after = await _next(connection, self._after)
            if after is None:
                return Unblocked(0, None)
            unblocked = await unblock(connection, page, after=after, most=self._most)
            await connection.commit()
        return unblocked


async def _next(connection: Connection, after: Stream) -> Stream | None:
    """Return the place; after all streams of a handler, that before the next handler's."""
    if after.id is not None:
        return after
    row = await connection.fetch_one(NEXT_HANDLER, {"after_handler": after.handler})
    return Stream(row["id"], BEFORE_ALL) if row and row["id"] else None


async def unblock(
    connection: Connection, page: Statement = PAGE, *, after: Stream, most: int = STREAMS_AT_ONCE
) -> Unblocked:
    """Unblock the first deliveries of the streams of a page."""
    asked = {"of_handler": after.handler, "after_stream": after.id, "most": most}
    rows = await connection.fetch_all(page, asked)
    # In a fixed order: another process that unblocks needs the same locks.
    first = [{"blocked": id} for id in sorted(row["free"] for row in rows if row["free"])]
    if first:
        await connection.execute_many(UNBLOCK, first)
    if dead := [row["dead"] for row in rows if row["dead"]]:
        await hold(connection, after.handler, dead)
    end = rows[-1]["stream_id"] if len(rows) == most else None
    return Unblocked(len(first), Stream(after.handler, end))


async def unblock_all(database: Database, handler: str) -> None:
    """Make ready what is first in its stream now."""
    after = Stream(handler, BEFORE_ALL)
    while after.id is not None:
        async with database.transaction() as connection:
            end = (await unblock(connection, after=after)).end
            await connection.commit()
        after = end or Stream(handler, None)
