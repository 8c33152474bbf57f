"""The remaining deliveries of each handler, and the deliveries that block others."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from app.core.events import EventRegistry
from app.shared.application.dto.events import DeliveryStatus, LagView, StreamView
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    is_in,
    is_just,
)

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, _, HELD = DeliveryState
STREAMS_AT_ONCE: Final = 100


def _unfinished(*names: str) -> Subquery:
    """All unfinished deliveries, by two indexes: held deliveries have their own."""
    row = event_delivery.alias("row").c
    columns = [row[name] for name in names]
    return union_all(
        select(*columns).where(is_in(row.state, *OPEN_STATES)),
        select(*columns).where(is_just(row.state, HELD)),
    ).subquery("unfinished")


def _waits(state: ColumnElement[int]) -> ColumnElement[bool]:
    return is_in(state, BLOCKED, HELD)


_this = _unfinished("handler", "stream_id", "state", "due_at").c
_first = event_delivery.c


def _if(state: DeliveryState, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((_this.state == int(state), value))


def _count(state: DeliveryState) -> ColumnElement[int]:
    return func.count(_if(state, _this.stream_id)).label(state.name.lower())


LAG: Final = Statement(
    select(
        _this.handler,
        *(_count(state) for state in (READY, CLAIMED, DEAD, BLOCKED, HELD, NO_HANDLER)),
        func.count(case((_waits(_this.state), _this.stream_id)).distinct()).label(
            "blocked_streams"
        ),
        func.min(_if(READY, _this.due_at)).label("first_due_at"),
        database_time().label("now"),
    ).group_by(_this.handler)
)

_other = _unfinished("handler", "stream_id", "stream_position", "state", "blocks_when_dead").c
_waiting = func.count(case((_waits(_other.state), 1)))
_stuck = (
    select(
        _other.handler,
        _other.stream_id,
        func.min(_other.stream_position).label("stream_position"),
        _waiting.label("waiting"),
    )
    .where(or_(_other.state != int(DEAD), _other.blocks_when_dead))
    .group_by(_other.handler, _other.stream_id)
    .having(_waiting > literal_column("0"))
    .subquery("stuck")
)
_is_first = and_(
    _first.handler == _stuck.c.handler,
    _first.stream_id == _stuck.c.stream_id,
    _first.stream_position == _stuck.c.stream_position,
    # If the first one is blocked itself, it will be unblocked soon.
    is_in(_first.state, *OPEN_STATES),
    _first.state != int(BLOCKED),
)
STREAMS: Final = Statement(
    select(
        _first.handler,
        event_log.c.aggregate_type,
        event_log.c.aggregate_id,
        _stuck.c.waiting,
        _first.id.label("behind"),
        _first.state.label("behind_state"),
        _first.last_error,
    )
    .select_from(_stuck)
    .join(event_delivery, _is_first)
    .join(event_log, event_log.c.event_id == _first.event_id)
    .order_by(_stuck.c.waiting.desc(), _first.id)
    .limit(STREAMS_AT_ONCE)
)


class Backlog:
    """See `EventBacklog`. Each method runs one statement, outside any transaction."""

    def __init__(self, database: Database, registry: EventRegistry) -> None:
        self._database, self._registry = database, registry

    async def lag(self) -> list[LagView]:
        queue_of = self._registry.queue_of
        found = {
            known.id: LagView(known.id, is_known=True, queue=queue_of(known.id))
            for known in self._registry.handlers
        }
        for row in await self._database.fetch_all(LAG, {}):
            counts = dict(row)
            first, now = counts.pop("first_due_at"), counts.pop("now")
            found[row["handler"]] = LagView(
                **counts,
                is_known=row["handler"] in found,
                queue=queue_of(row["handler"]),
                oldest_due=None if first is None else max(0.0, (now - first).total_seconds()),
            )
        return [found[handler] for handler in sorted(found)]

    async def streams(self) -> list[StreamView]:
        rows = await self._database.fetch_all(STREAMS, {})
        return [StreamView(**{**row, "behind_state": status(row["behind_state"])}) for row in rows]


def status(state: int) -> DeliveryStatus:
    """Return the form of a stored state that clients see."""
    return DeliveryStatus[DeliveryState(state).name]
