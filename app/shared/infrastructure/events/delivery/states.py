"""The states of a delivery."""

import datetime as dt
from enum import IntEnum
from typing import Final

from sqlalchemy import Column, ColumnElement, and_, literal_column

from app.shared.infrastructure.database.expressions import database_time


class DeliveryState(IntEnum):
    """Stored as its number."""

    READY = 0  # a process may claim it when it is due
    CLAIMED = 1  # a process runs it; due again when the lease ends
    DEAD = 2  # all attempts failed: a person must look
    DONE = 3
    BLOCKED = 4  # an earlier one of its stream is not done
    NO_HANDLER = 5  # this code has no such handler
    DISCARDED = 6  # a person decided that it will never run
    CANCELLED = 7  # the caller that asked for it does not want it any more
    HELD = 8  # behind a dead one of its stream, until a person retries or discards that one


def is_in(state: Column[int] | ColumnElement[int], *states: DeliveryState) -> ColumnElement[bool]:
    """Whether a delivery is in one of the states.

    Written as constants: with parameters PostgreSQL could not tell that a partial index fits.
    """
    return state.in_([literal_column(str(int(each))) for each in states])


def is_just(state: Column[int] | ColumnElement[int], one: DeliveryState) -> ColumnElement[bool]:
    """Whether a delivery is in exactly this state, found by the partial index that contains it.

    SQLite uses such an index only if the query repeats the index's own condition, so it does.
    """
    return and_(is_in(state, *_INDEXED[one]), state == literal_column(str(int(one))))


def due_in(seconds: ColumnElement[float] | float = 0.0) -> dict[str, ColumnElement[dt.datetime]]:
    """Return the values to write for a delivery that is due in so many seconds: always both."""
    return {"due_at": database_time(seconds), "due_set_at": database_time()}


_ENDED: Final = {DeliveryState.DONE, DeliveryState.DISCARDED, DeliveryState.CANCELLED}
OPEN_STATES: Final = tuple(
    state for state in DeliveryState if state not in _ENDED | {DeliveryState.HELD}
)
"""The first of a stream is in one of these. A held one never is first: it is behind a dead one."""
# For each state, the states of the partial index that finds it: see the tables.
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
