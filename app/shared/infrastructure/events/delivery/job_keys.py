"""Keys of jobs: for each handler only one delivery with a key waits."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_, select

from app.shared.infrastructure.database.models import event_delivery
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in, is_just

WAITING_STATES: Final = (DeliveryState.READY, DeliveryState.BLOCKED, DeliveryState.HELD)


def waits_with_key(delivery: Any) -> ColumnElement[bool]:
    """Whether it waits and has a key: the condition of the unique index."""
    return and_(delivery.job_key.is_not(None), is_in(delivery.state, *WAITING_STATES))


def is_superseded(delivery: Any, *states: DeliveryState) -> ColumnElement[bool]:
    """Whether it could not wait again: another with its key waits, or a newer is in the states."""
    other = event_delivery.alias("superseding").c
    has_same_key = and_(other.handler == delivery.handler, other.job_key == delivery.job_key)
    is_parked = is_just(other.state, *states) if len(states) == 1 else is_in(other.state, *states)
    # Not by the number alone: SQLite would read all newer deliveries to find them.
    is_newer = and_(is_parked, other.id + literal_column("0") > delivery.id)
    return and_(
        delivery.job_key.is_not(None),
        or_(
            exists(select(other.id).where(has_same_key, waits_with_key(other))),
            exists(select(other.id).where(has_same_key, is_newer)),
        ),
    )
