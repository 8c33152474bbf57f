"""Shows single deliveries: their states, their errors and the deliveries that they block."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, literal_column, or_, select, union_all

from app.core.cursors import Cursors
from app.core.events import EventRegistry, Handler
from app.core.run_limits import Everywhere
from app.shared.application.dto import CursorPage
from app.shared.application.dto.events import (
    AttemptView,
    DeliveryDetail,
    DeliveryQuery,
    DeliveryView,
    EventView,
    HandlerView,
)
from app.shared.application.events import DeliveryNotFound, HandlerNotFound
from app.shared.infrastructure.database.connection import Database, Row
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.models import (
    event_attempt,
    event_delivery,
    event_handler,
    event_log,
)
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    is_in,
    is_just,
)
from app.shared.infrastructure.events.operations.backlog import status

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, _, HELD = DeliveryState
SHOWN_AT_ONCE: Final = 20

_this, _event = event_delivery.c, event_log.c
_shown = (
    select(
        _this.id,
        _this.event_id,
        _event.event_type,
        _event.aggregate_id,
        _event.aggregate_version,
        _this.handler,
        _this.state,
        _this.attempts,
        _this.max_attempts,
        _this.due_at,
        _this.done_at,
        _this.last_error,
    )
    .select_from(event_delivery)
    .join(event_log, _event.event_id == _this.event_id)
)


def _delivery(row: Row) -> DeliveryView:
    values = {name: row[name] for name in DeliveryView.__dataclass_fields__}
    return DeliveryView(**{**values, "state": status(row["state"])})


DELIVERIES: Final = KeysetList(
    "deliveries",
    _shown,
    unique=_this.id,
    sorts={"": [_this.id.desc()]},
    filters={
        **{state.name: is_just(_this.state, state) for state in DeliveryState},
        "of_handler": _this.handler == bindparam("of_handler"),
        "only_jobs": _event.aggregate_type == literal_column("'job'"),
        "before": _this.id < bindparam("before"),
    },
    view=_delivery,
)
ONE: Final = Statement(
    _shown.add_columns(
        _event.schema_version,
        _event.aggregate_type,
        _event.occurred_at,
        _event.recorded_at,
        _event.actor_id,
        _event.correlation_id,
        _event.causation_id,
        _event.payload,
    ).where(_this.id == bindparam("delivery_id"))
)
ATTEMPTS: Final = Statement(
    select(*(event_attempt.c[name] for name in AttemptView.__dataclass_fields__))
    .where(event_attempt.c.delivery_id == bindparam("delivery_id"))
    .order_by(event_attempt.c.token)
)
_holder = event_delivery.alias("holder").c
_waiting = event_delivery.alias("waiting").c


def _waiting_behind(state: DeliveryState) -> Select[Any]:
    return select(_waiting.id, _waiting.stream_position).where(
        _waiting.handler == _holder.handler,
        _waiting.stream_id == _holder.stream_id,
        _waiting.stream_position > _holder.stream_position,
        is_just(_waiting.state, state),
        _holder.id == bindparam("delivery_id"),
        is_in(_holder.state, *OPEN_STATES),
        or_(_holder.state != int(DEAD), _holder.blocks_when_dead),
    )


# Each part uses its own index.
_behind = union_all(_waiting_behind(BLOCKED), _waiting_behind(HELD)).subquery("behind")
_first_behind = (
    select(_behind).order_by(_behind.c.stream_position).limit(SHOWN_AT_ONCE).subquery("first")
)
HOW_MANY_BEHIND: Final = Statement(select(func.count().label("total")).select_from(_behind))
FIRST_BEHIND: Final = Statement(
    _shown.join(_first_behind, _first_behind.c.id == _this.id).order_by(
        _first_behind.c.stream_position
    )
)

_PAUSED: Final = Statement(select(event_handler))
IS_STORED: Final = Statement(
    select(_this.id)
    .where(_this.handler == bindparam("of_handler"), is_just(_this.state, NO_HANDLER))
    .limit(1)
)


class Inspection:
    """See `EventInspection`. Each question is one statement, outside any transaction."""

    def __init__(self, database: Database, registry: EventRegistry, cursors: Cursors) -> None:
        self._database, self._registry, self._cursors = database, registry, cursors

    async def page(self, query: DeliveryQuery, /) -> CursorPage[DeliveryView]:
        if query.handler is not None:
            await self.require(query.handler)
        filters: dict[str, Any] = {"of_handler": query.handler, "before": query.before}
        if query.only_jobs:
            filters["only_jobs"] = True
        if query.state is not None:
            filters[query.state.name] = True
        return await DELIVERIES.page(self._database, self._cursors, query.page, {}, filters)

    async def show(self, delivery_id: int, /) -> DeliveryDetail:
        one = {"delivery_id": delivery_id}
        row = await self._database.fetch_one(ONE, one)
        if row is None:
            raise DeliveryNotFound
        behind = await self._database.fetch_one(HOW_MANY_BEHIND, one)
        return DeliveryDetail(
            delivery=_delivery(row),
            event=_published(row),
            attempts=[AttemptView(**a) for a in await self._database.fetch_all(ATTEMPTS, one)],
            blocks=behind["total"] if behind else 0,
            first_blocked=[_delivery(r) for r in await self._database.fetch_all(FIRST_BEHIND, one)],
        )

    async def handlers(self) -> list[HandlerView]:
        rows = await self._database.fetch_all(_PAUSED, {})
        paused = {row["handler"]: row["paused_at"] for row in rows}
        found = sorted(self._registry.handlers, key=lambda handler: handler.id)
        return [_handler(handler, paused.get(handler.id)) for handler in found]

    async def require(self, handler: str) -> None:
        """Raise HandlerNotFound unless the code has it or `no_handler` deliveries wait for it."""
        if self._registry.handler(handler) is None:
            stored = await self._database.fetch_one(IS_STORED, {"of_handler": handler})
            if stored is None:
                raise HandlerNotFound


def _published(row: Row) -> EventView:
    return EventView(
        id=row["event_id"],
        type=row["event_type"],
        schema_version=row["schema_version"],
        aggregate_type=row["aggregate_type"],
        aggregate_id=row["aggregate_id"],
        aggregate_version=row["aggregate_version"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        actor_id=row["actor_id"],
        request_id=row["correlation_id"],
        caused_by=row["causation_id"],
        data=row["payload"],
    )


def _handler(handler: Handler, paused_at: dt.datetime | None) -> HandlerView:
    asked = handler.subscription
    limit = asked.concurrency
    return HandlerView(
        id=handler.id,
        events=[event.type for event in asked.events],
        schedule=str(asked.timetable.times) if asked.timetable else None,
        transactional=asked.transactional,
        on_dead=asked.on_dead,
        max_attempts=asked.max_attempts,
        timeout=asked.timeout,
        queue=asked.queue_name,
        priority=asked.priority,
        concurrency=limit.limit if isinstance(limit, Everywhere) else limit,
        is_everywhere=isinstance(limit, Everywhere),
        rate=asked.rate,
        paused_at=paused_at,
    )
