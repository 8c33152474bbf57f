"""After the database's clock was ahead: what waits for a while does not wait for that moment.

A wait is relative, `due_at` is not. What was written while the clock was ahead would be due only
when the clock is there again, hours or years from now.
"""

import datetime as dt
from typing import Final

import structlog
from sqlalchemy import bindparam, select, tuple_, update

from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import (
    after_the_same_wait,
    database_time,
    one_of,
)
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in

log = structlog.get_logger(__name__)

LOOKED_AT_ONCE: Final = 500
AHEAD_SECONDS: Final = 1.0  # less is what clocks are set by every day

_this = event_delivery.c
_waits = is_in(_this.state, DeliveryState.READY, DeliveryState.CLAIMED)
_position = tuple_(_this.due_at, _this.id)
_after = tuple_(
    bindparam("after_time", type_=_this.due_at.type), bindparam("after_id", type_=_this.id.type)
)
_is_ahead = _this.due_set_at > database_time(AHEAD_SECONDS)
WAITING: Final = Statement(
    select(_this.id, _this.due_at, _is_ahead.label("is_ahead"))
    .where(
        _waits,
        _this.due_at > database_time(),
        _this.due_at >= bindparam("after_time"),
        _position > _after,
    )
    .order_by(_this.due_at, _this.id)
    .limit(bindparam("most"))
)
"""The next ones that are not due yet: what is due has nothing to wait for."""

_other = event_delivery.alias("other").c
_if_free = (
    select(_other.id).where(_other.id == bindparam("moved")).with_for_update(skip_locked=True)
)
MOVE: Final = Statement(
    update(event_delivery)
    .where(one_of(_this.id, _if_free), _waits, _is_ahead)
    .values(due_at=after_the_same_wait(_this.due_at, _this.due_set_at), due_set_at=database_time())
)
"""Begin its wait anew, now. One that is run has its lock, and writes another time at its end."""

LONG_AGO: Final = dt.datetime.fromtimestamp(0, dt.UTC)


class Clock:
    """Goes along all that waits, a page each time, round and round."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after = (LONG_AGO, 0)

    async def correct(self) -> tuple[int, bool]:
        """Look at the next page; return how many were moved, and whether there are more."""
        after_time, after_id = self._after
        asked = {"after_time": after_time, "after_id": after_id, "most": LOOKED_AT_ONCE}
        rows = await self._database.fetch_all(WAITING, asked)
        ahead = [row["id"] for row in rows if row["is_ahead"]]
        if ahead:
            log.warning("the database's clock was ahead", deliveries=len(ahead))
            async with self._database.transaction() as connection:
                await connection.execute_many(MOVE, [{"moved": id} for id in sorted(ahead)])
                await connection.commit()
        has_more = len(rows) == LOOKED_AT_ONCE
        self._after = (rows[-1]["due_at"], rows[-1]["id"]) if has_more else (LONG_AGO, 0)
        return len(ahead), has_more
