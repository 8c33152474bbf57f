"""Corrects waits after the database's clock was ahead: no delivery waits for that later moment.

A wait is relative, `due_at` is not. A row that was written while the clock was ahead would be due
only when the clock reaches that time again, in hours or years.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import bindparam, select, tuple_, update

from app.core.run_limits import PRIORITIES
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import (
    after_the_same_wait,
    database_time,
    one_of,
)
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import demands
from app.shared.infrastructure.events.delivery.alone import alone
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in, is_just

log = structlog.get_logger(__name__)

READY, CLAIMED, *_ = DeliveryState

LOOKED_AT_ONCE: Final = 500
AHEAD_SECONDS: Final = 1.0  # clocks are corrected by less every day

_this = event_delivery.c
_position = tuple_(_this.due_at, _this.id)
_after = tuple_(
    bindparam("after_time", type_=_this.due_at.type), bindparam("after_id", type_=_this.id.type)
)
_is_ahead = _this.due_set_at > database_time(AHEAD_SECONDS)
WAITING: Final = Statement(
    select(_this.id, _this.due_at, _is_ahead.label("is_ahead"))
    .where(
        is_just(_this.state, READY),
        _this.handler == bindparam("of_handler"),
        _this.priority == bindparam("of_priority"),
        _this.due_at > database_time(),
        _this.due_at >= bindparam("after_time"),
        _position > _after,
    )
    .order_by(_this.handler, _this.priority, _this.due_at, _this.id)
    .limit(bindparam("most"))
)
"""The next deliveries of a handler and a priority that are not due yet: due ones do not wait."""

CLAIMED_AHEAD: Final = Statement(
    select(_this.id).where(is_just(_this.state, CLAIMED), _is_ahead).limit(bindparam("most"))
)

_other = event_delivery.alias("other").c
_if_free = (
    select(_other.id).where(_other.id == bindparam("moved")).with_for_update(skip_locked=True)
)
MOVE: Final = Statement(
    update(event_delivery)
    .where(one_of(_this.id, _if_free), is_in(_this.state, READY, CLAIMED), _is_ahead)
    .values(due_at=after_the_same_wait(_this.due_at, _this.due_set_at), due_set_at=database_time())
)
"""Begin the wait again, now. A running delivery is locked, and gets another time at its end."""

LONG_AGO: Final = dt.datetime.fromtimestamp(0, dt.UTC)


class Clock:
    """Goes through all waiting deliveries, one page each time, and then begins again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._levels: list[tuple[str, int]] = []
        self._after = (LONG_AGO, 0)

    async def correct(self) -> tuple[int, bool]:
        """Check the next page; return how many were moved, and whether there are more."""
        if not self._levels:
            await self._begin_round()
        ahead, is_full = await self._claimed_ahead(), False
        while self._levels and not is_full:
            more, is_full = await self._next_ahead()
            ahead += more
        hit = await self._move(ahead) if ahead else 0
        return hit, bool(self._levels)

    async def _begin_round(self) -> None:
        rows = await self._database.fetch_all(demands.HANDLERS, {})
        self._levels = [(row["id"], level) for row in rows for level in PRIORITIES.values()]
        self._after = (LONG_AGO, 0)

    async def _claimed_ahead(self) -> list[int]:
        rows = await self._database.fetch_all(CLAIMED_AHEAD, {"most": LOOKED_AT_ONCE})
        return [row["id"] for row in rows]

    async def _next_ahead(self) -> tuple[list[int], bool]:
        """Return the ids that are ahead in a level's next page, and whether that page was full."""
        (handler, priority), (after_time, after_id) = self._levels[0], self._after
        asked = {"of_handler": handler, "of_priority": priority, "most": LOOKED_AT_ONCE}
        after = {"after_time": after_time, "after_id": after_id}
        rows = await self._database.fetch_all(WAITING, asked | after)
        is_full = len(rows) == LOOKED_AT_ONCE
        if is_full:
            self._after = (rows[-1]["due_at"], rows[-1]["id"])
        else:
            del self._levels[0]
            self._after = (LONG_AGO, 0)
        return [row["id"] for row in rows if row["is_ahead"]], is_full

    async def _move(self, ahead: Sequence[int]) -> int:
        async with alone(self._database, "clock") as connection:
            if connection is None:
                return 0
            log.warning("the database's clock was ahead", deliveries=len(ahead))
            await connection.execute_many(MOVE, [{"moved": id} for id in sorted(ahead)])
            await connection.commit()
        return len(ahead)
