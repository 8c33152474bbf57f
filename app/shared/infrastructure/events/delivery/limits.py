"""Limits of a handler over all processes: its runs at once everywhere, and its rate.

Rates follow the generic cell rate algorithm (GCRA, ITU-T I.371). Only one time is stored: until
when the rate is used up. Each start moves that time on by the interval of the rate. A handler may
start as long as the time is no further ahead than the burst allows.
"""

import datetime as dt
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's dialect compiles it too

from app.core.events import Handler
from app.core.run_limits import Everywhere, Rate
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.locks import is_alone
from app.shared.infrastructure.database.models import event_delivery, event_handler
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just

_ROUNDING: Final = 1e-6  # of intervals: times are stored in microseconds

RUNNING: Final = Statement(
    select(func.count().label("count")).where(
        is_just(event_delivery.c.state, DeliveryState.CLAIMED),
        event_delivery.c.handler == bindparam("of_handler"),
    )
)
"""How many deliveries of a handler are claimed, by any process. Counters leak when a process dies,
because nothing decrements them; rows do not."""

_is_this = event_handler.c.handler == bindparam("of_handler")
_clock = select(database_time().label("now")).subquery("clock")
RATE: Final = Statement(
    select(_clock.c.now, event_handler.c.rate_used_until)
    .select_from(_clock)
    .outerjoin(event_handler, _is_this)
)
_used = insert(event_handler)
USE_RATE: Final = Statement(
    _used.on_conflict_do_update(
        index_elements=["handler"], set_={"rate_used_until": _used.excluded.rate_used_until}
    ),
    columns=["handler", "rate_used_until"],
)


def is_counted(handler: Handler) -> bool:
    """Tell whether a limit over all processes counts what is claimed for the handler."""
    asked = handler.subscription
    return isinstance(asked.concurrency, Everywhere) or asked.rate is not None


async def allowed(connection: Connection, handler: Handler, count: int) -> int:
    """Return how many of so many deliveries the handler may start now, given what runs elsewhere.

    For a handler with such a limit the transaction holds the handler's lock from here on, so that
    two processes never count the same. A process that does not get the lock starts nothing.
    """
    if not is_counted(handler):
        return count
    asked = handler.subscription
    if not await is_alone(connection, f"handler:{handler.id}"):
        return 0
    if isinstance(asked.concurrency, Everywhere):
        row = await connection.fetch_one(RUNNING, {"of_handler": handler.id})
        count = min(count, asked.concurrency.limit - (row["count"] if row else 0))
    if rate := asked.rate_limit:
        row = await connection.fetch_one(RATE, {"of_handler": handler.id})
        count = min(count, available(rate, row["rate_used_until"], row["now"]) if row else 0)
    return max(0, count)


async def use(connection: Connection, handler: Handler, starts: int) -> None:
    """Record what was started after `allowed`. What was not found uses up nothing."""
    rate = handler.subscription.rate_limit
    row = await connection.fetch_one(RATE, {"of_handler": handler.id}) if rate and starts else None
    if rate is None or row is None:
        return
    until = used_until(rate, row["rate_used_until"], row["now"], starts=starts)
    await connection.execute(USE_RATE, {"handler": handler.id, "rate_used_until": until})


def available(rate: Rate, used: dt.datetime | None, now: dt.datetime) -> int:
    """Return how many may start now."""
    ahead = max(0.0, (used - now).total_seconds()) if used else 0.0
    return max(0, int(rate.burst - ahead / rate.interval + _ROUNDING))


def used_until(
    rate: Rate, used: dt.datetime | None, now: dt.datetime, *, starts: int
) -> dt.datetime:
    """Return until when the rate is used up after so many starts."""
    begin = max(used, now) if used else now
    return begin + dt.timedelta(seconds=starts * rate.interval)
