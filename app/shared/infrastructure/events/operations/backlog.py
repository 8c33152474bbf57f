"""What is still to be done, by handler, and what holds it up."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
)

from app.core.events import EventRegistry
from app.shared.application.dto.events import DeliveryStatus, LagView, StreamView
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import OPEN_STATES, DeliveryState, is_in

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, *_ = DeliveryState
STREAMS_AT_ONCE: Final = 100

_this = event_delivery.c
_other = event_delivery.alias("other").c
_holds_stream = is_in(_other.state, *OPEN_STATES)


def _if(state: DeliveryState, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((_this.state == int(state), value))


def _count(state: DeliveryState) -> ColumnElement[int]:
    return func.count(_if(state, _this.stream_id)).label(state.name.lower())


LAG: Final = Statement(
    select(
        _this.handler,
        *(_count(state) for state in (READY, CLAIMED, DEAD, BLOCKED, NO_HANDLER)),
        func.count(_if(BLOCKED, _this.stream_id).distinct()).label("blocked_streams"),
        func.min(_if(READY, _this.due_at)).label("first_due_at"),
        database_time().label("now"),
    )
    .where(is_in(_this.state, *OPEN_STATES))
    .group_by(_this.handler)
)

_waiting = func.count(case((_other.state == int(BLOCKED), 1)))
_held = (
    select(
        _other.handler,
        _other.stream_id,
        func.min(_other.stream_position).label("stream_position"),
        _waiting.label("waiting"),
    )
    .where(_holds_stream, or_(_other.state != int(DEAD), _other.blocks_when_dead))
    .group_by(_other.handler, _other.stream_id)
    .having(_waiting > literal_column("0"))
    .subquery("held")
)
_is_first = and_(
    _this.handler == _held.c.handler,
    _this.stream_id == _held.c.stream_id,
    _this.stream_position == _held.c.stream_position,
    # A first one that is blocked itself waits for its handler, which is paused.
    is_in(_this.state, *OPEN_STATES),
    _this.state != int(BLOCKED),
)
STREAMS: Final = Statement(
    select(
        _this.handler,
        event_log.c.aggregate_type,
        event_log.c.aggregate_id,
        _held.c.waiting,
        _this.id.label("behind"),
        _this.state.label("behind_state"),
        _this.last_error,
    )
    .select_from(_held)
    .join(event_delivery, _is_first)
    .join(event_log, event_log.c.event_id == _this.event_id)
    .order_by(_held.c.waiting.desc(), _this.id)
    .limit(STREAMS_AT_ONCE)
)


class Backlog:
    """See `EventBacklog`: each question is one statement, outside any transaction."""

    def __init__(self, database: Database, registry: EventRegistry) -> None:
        self._database, self._registry = database, registry

    async def lag(self) -> list[LagView]:
        found = {h.id: LagView(h.id, is_known=True) for h in self._registry.handlers}
        for row in await self._database.fetch_all(LAG, {}):
            counts = dict(row)
            first, now = counts.pop("first_due_at"), counts.pop("now")
            found[row["handler"]] = LagView(
                **counts,
                is_known=row["handler"] in found,
                oldest_due=None if first is None else max(0.0, (now - first).total_seconds()),
            )
        return [found[handler] for handler in sorted(found)]

    async def streams(self) -> list[StreamView]:
        rows = await self._database.fetch_all(STREAMS, {})
        return [StreamView(**{**row, "behind_state": status(row["behind_state"])}) for row in rows]


def status(state: int) -> DeliveryStatus:
    """Return a stored state as it is shown."""
    return DeliveryStatus[DeliveryState(state).name]
