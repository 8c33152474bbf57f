"""What a delivery can be."""

import datetime as dt
from enum import IntEnum
from typing import Final

from sqlalchemy import Column, ColumnElement, and_, literal_column

from app.shared.infrastructure.database.expressions import database_time


class DeliveryState(IntEnum):
    """Stored as its number."""

    READY = 0  # to be taken when it is due
    CLAIMED = 1  # somebody runs it; due again when the lease ends
    DEAD = 2  # all attempts failed: somebody has to look
    DONE = 3
    BLOCKED = 4  # an earlier one of its stream is not done
    NO_HANDLER = 5  # this code knows no such handler
    DISCARDED = 6  # somebody gave it up, for good
    CANCELLED = 7  # the one who asked for it wants it no more
    HELD = 8  # behind a dead one of its stream, until somebody has seen to that


def is_in(state: Column[int] | ColumnElement[int], *states: DeliveryState) -> ColumnElement[bool]:
    """Whether a delivery is in one of the states.

    Written as constants: with parameters PostgreSQL could not tell that a partial index fits.
    """
    return state.in_([literal_column(str(int(each))) for each in states])


def is_just(state: Column[int] | ColumnElement[int], one: DeliveryState) -> ColumnElement[bool]:
    """Whether a delivery is in this very state, found by the partial index that holds it.

    SQLite takes such an index only where the index's own condition stands, so it stands there too.
    """
    return and_(is_in(state, *_INDEXED[one]), state == literal_column(str(int(one))))


def due_in(seconds: ColumnElement[float] | float = 0.0) -> dict[str, ColumnElement[dt.datetime]]:
    """Return what to write of a delivery that is due in so many seconds, both of it always."""
    return {"due_at": database_time(seconds), "due_set_at": database_time()}


_ENDED: Final = {DeliveryState.DONE, DeliveryState.DISCARDED, DeliveryState.CANCELLED}
OPEN_STATES: Final = tuple(
    state for state in DeliveryState if state not in _ENDED | {DeliveryState.HELD}
)
"""Of these one is the first of its stream. What is held never is: it stands behind a dead one."""
# The states of the partial index that finds those of one: see the tables.
_INDEXED: Final[dict[DeliveryState, tuple[DeliveryState, ...]]] = {
    DeliveryState.READY: (DeliveryState.READY,),
    DeliveryState.CLAIMED: (DeliveryState.CLAIMED,),
    DeliveryState.DONE: (DeliveryState.DONE,),
    DeliveryState.DISCARDED: (DeliveryState.DISCARDED, DeliveryState.CANCELLED),
    DeliveryState.CANCELLED: (DeliveryState.DISCARDED, DeliveryState.CANCELLED),
    DeliveryState.HELD: (DeliveryState.HELD,),
    DeliveryState.BLOCKED: (DeliveryState.BLOCKED,),
    DeliveryState.DEAD: (DeliveryState.DEAD, DeliveryState.NO_HANDLER),
    DeliveryState.NO_HANDLER: (DeliveryState.NO_HANDLER,),
}
