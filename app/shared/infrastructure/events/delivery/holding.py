"""Holds what waits behind a dead delivery, so that housekeeping does not check it repeatedly.

A held delivery always has a dead one before it in its stream. A process that changes the dead one
frees the stream in the same transaction. Nothing is held without the lock of the dead one.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update

from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import one_of
from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just

DEAD, BLOCKED, HELD = DeliveryState.DEAD, DeliveryState.BLOCKED, DeliveryState.HELD
HELD_AT_ONCE: Final = 5_000

_this = event_delivery.c
_other = event_delivery.alias("other").c

ARE_DEAD: Final = Statement(
    select(_this.stream_id)
    .where(_this.id.in_(bindparam("dead")), _this.state == int(DEAD))
    .order_by(_this.id)
    .with_for_update(skip_locked=True)
)
"""The streams whose heads are still dead: they stay so as long as this transaction lasts."""


def _moved(of: DeliveryState, to: DeliveryState, *which: ColumnElement[bool]) -> Statement:
    chosen = (
        select(_other.id)
        .where(is_just(_other.state, of), _other.handler == bindparam("of_handler"), *which)
        .limit(HELD_AT_ONCE)
        # Holding may be finished later; freeing must not leave anything behind.
        .with_for_update(skip_locked=to is HELD)
    )
    return Statement(
        update(event_delivery)
        .where(one_of(_this.id, chosen), _this.state == int(of))
        .values(state=int(to))
    )


_in_streams = _other.stream_id.in_(bindparam("streams"))
HOLD: Final = _moved(BLOCKED, HELD, _in_streams)
FREE: Final = _moved(HELD, BLOCKED, _in_streams)
FREE_ALL: Final = _moved(HELD, BLOCKED)


async def hold(connection: Connection, handler: str, dead: Sequence[int]) -> None:
    """Hold what is blocked behind dead heads of streams: some of it now, the rest the next time."""
    rows = await connection.fetch_all(ARE_DEAD, {"dead": dead})
    if streams := [row["stream_id"] for row in rows]:
        await connection.execute(HOLD, {"of_handler": handler, "streams": streams})


async def free(connection: Connection, handler: str, streams: Sequence[UUID]) -> None:
    """Free all that is held in streams, in the transaction that changes their dead deliveries."""
    asked = {"of_handler": handler, "streams": streams}
    while streams and await connection.execute(FREE, asked) == HELD_AT_ONCE:
        pass


async def free_in_pages(database: Database, handler: str, stream: UUID | None = None) -> None:
    """Free what is held in one stream or in all beforehand, so that no transaction becomes long.

    Until the dead ones are changed too, the unblocker may hold it again.
    """
    query, asked = (FREE_ALL, {}) if stream is None else (FREE, {"streams": [stream]})
    hit = HELD_AT_ONCE
    while hit == HELD_AT_ONCE:
        async with database.transaction() as connection:
            hit = await connection.execute(query, {"of_handler": handler, **asked})
            await connection.commit()
