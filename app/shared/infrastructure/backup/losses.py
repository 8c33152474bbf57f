"""Compares a restored database with the one before: what is lost, and what will run again."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import URL, Connection

from app.shared.infrastructure.database.long_work import on_database
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.events.delivery.states import OPEN_STATES, DeliveryState, is_in

# An event gets its time before its transaction ends, and no transaction takes longer.
LONGEST: Final = dt.timedelta(hours=1)
_SINCE: Final = (
    select(event_log.c.event_id, event_log.c.event_type, event_log.c.recorded_at)
    .where(event_log.c.recorded_at >= bindparam("since", type_=event_log.c.recorded_at.type))
    .order_by(event_log.c.recorded_at)
    .execution_options(yield_per=10_000)
)
_OPEN: Final = select(event_delivery.c.event_id, event_delivery.c.handler).where(
    is_in(event_delivery.c.state, *OPEN_STATES, DeliveryState.HELD)
)
_DONE: Final = select(event_delivery.c.event_id, event_delivery.c.handler).where(
    is_in(event_delivery.c.state, DeliveryState.DONE)
)
_NEWEST: Final = select(func.max(event_log.c.recorded_at))


@dataclass
class Lost:
    """Events of one type that are only in the old database."""

    times: int
    first: dt.datetime
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class Losses:
    """What the old database has and the restored one has not."""

    events: dict[str, Lost]
    repeated: Counter[str]
    """Deliveries by their handlers: they ran after the backup, and will run once more."""
    newest: dt.datetime | None
    """When the last event of the old database was written."""

    def lines(self) -> Iterator[str]:
        if self.events:
            yield "Lost: these events are only in the old database."
            for kind, lost in sorted(self.events.items()):
                yield f"  {lost.times:>8}  {kind}, {_time(lost.first)} to {_time(lost.last)}"
        if self.repeated:
            yield "Twice: these handlers ran after the backup, and will run again."
            for handler, times in sorted(self.repeated.items()):
                yield f"  {times:>8}  {handler}"


def losses(*, old: URL, restored: URL, since: dt.datetime) -> Losses:
    """Return what is lost. `since` is when the backup was taken."""
    since -= LONGEST
    kept, is_open = on_database(restored, lambda connection: _restored(connection, since))

    def compare(connection: Connection) -> Losses:
        events: dict[str, Lost] = {}
        for id, kind, at in connection.execute(_SINCE, {"since": since}):
            if id not in kept:
                lost = events.setdefault(kind, Lost(0, at, at))
                lost.times, lost.last = lost.times + 1, at
        done = ((id, handler) for id, handler in connection.execute(_DONE))
        repeated = Counter(handler for id, handler in done if (id, handler) in is_open)
        return Losses(events, repeated, connection.scalar(_NEWEST))

    return on_database(old, compare)


def _restored(
    connection: Connection, since: dt.datetime
) -> tuple[set[UUID], set[tuple[UUID, str]]]:
    events = {row.event_id for row in connection.execute(_SINCE, {"since": since})}
    return events, {(row.event_id, row.handler) for row in connection.execute(_OPEN)}


def _time(moment: dt.datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
