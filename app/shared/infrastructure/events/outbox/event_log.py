"""Publishing: writes events and their deliveries in the transaction of their change."""

import datetime as dt
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, bindparam, case, func, insert

from app.core import tracing
from app.core.context import current_work
from app.core.events import EventRegistry, Handler, PublishedEvent
from app.core.run_limits import PRIORITIES
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.infrastructure.database.batches import RowsInsert
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState

LOGGED = [c.name for c in event_log.columns if c.name not in {"seq", "recorded_at"}]
APPEND = Statement(insert(event_log).values(recorded_at=database_time()), columns=LOGGED)
APPEND_ROWS = RowsInsert(event_log, LOGGED, lambda _: {"recorded_at": database_time()})


def _new_delivery(row: str) -> dict[str, Any]:
    """Return what a new delivery has besides its values; `row` ends the names of parameters."""
    # The given moment, or else so many seconds from now by the database's clock.
    named = bindparam(f"due_at{row}", type_=event_delivery.c.due_at.type)
    return {
        "state": int(DeliveryState.READY),
        "token": 0,
        "attempts": 0,
        "due_at": func.coalesce(named, database_time(bindparam(f"delay{row}", type_=Float))),
        "due_set_at": case((named.is_(None), database_time())),
    }


NEW_DELIVERY: Final = _new_delivery("")
DELIVERED = [
    "event_id",
    "handler",
    "stream_id",
    "stream_position",
    "max_attempts",
    "blocks_when_dead",
    "priority",
    "expires_at",
    "batch_id",
]
DELIVER = Statement(insert(event_delivery).values(NEW_DELIVERY), columns=DELIVERED)
DELIVER_ROWS = RowsInsert(event_delivery, DELIVERED, _new_delivery)

# Versions count saves, ordinals count the events of one save: both give an aggregate's order.
ORDINALS = 1024


class EventCollector:
    """Collects the events that aggregates record in a unit of work, and writes them at its end."""

    def __init__(self, registry: EventRegistry) -> None:
        self._registry = registry
        self._events: list[dict[str, Any]] = []
        self._deliveries: list[dict[str, Any]] = []
        self._has_work = False
        self.open_batches = 0
        """How many batches of jobs are still in their blocks and not written."""

    def collect(self, aggregate: AggregateRoot) -> None:
        """Collect the events of an aggregate that was just saved: they get its new version."""
        for ordinal, event in enumerate(aggregate.pull_events()):
            place = {
                "aggregate_type": aggregate.aggregate_type,
                "aggregate_id": aggregate.id,
                "aggregate_version": aggregate.version,
                "ordinal": ordinal,
            }
            row = event_row(event, occurred_at=aggregate.updated_at, **place)
            self._events.append(row)
            position = aggregate.version * ORDINALS + ordinal
            for handler in self._registry.handlers_of(event):
                self._deliveries.append(
                    delivery_row(row["event_id"], handler, aggregate.id, position)
                )

    def add(
        self, *, event: dict[str, Any] | None = None, delivery: dict[str, Any] | None = None
    ) -> None:
        """Collect rows of jobs. A call without rows says that a job's rows were written already."""
        if event is not None:
            self._events.append(event)
        if delivery is not None:
            self._deliveries.append(delivery)
        self._has_work = True

    def require_no_open_batch(self) -> None:
        if self.open_batches:
            message = "commit after the `async with` block of a batch, whose end writes its jobs"
            raise TypeError(message)

    async def write(self, connection: Connection) -> bool:
        """Write the rows in the caller's transaction; return whether work was added, ever."""
        events, self._events = self._events, []
        deliveries, self._deliveries = self._deliveries, []
        self._has_work = self._has_work or bool(deliveries)
        await APPEND_ROWS.write(connection, events)
        await DELIVER_ROWS.write(connection, deliveries)
        return self._has_work


def event_row(event: PublishedEvent, *, occurred_at: dt.datetime, **place: Any) -> dict[str, Any]:
    """Return the row of an event or a job, with a new id; `place` is its position in the log."""
    work, event_id = current_work.get(), new_id()
    return {
        "event_id": event_id,
        "event_type": event.type,
        "schema_version": event.schema_version,
        "module": event.type.partition(".")[0],
        **place,
        "payload": payload_of(event),
        "correlation_id": work.request_id or None,
        "causation_id": work.caused_by,
        "traceparent": tracing.creation(event.type, event_id),
        "actor_id": work.actor_id,
        "occurred_at": occurred_at,
    }


def payload_of(event: Any) -> dict[str, Any]:
    """Return the values of its fields. `asdict` copies each value and is twenty times slower."""
    return {field.name: getattr(event, field.name) for field in fields(event)}


def delivery_row(
    event_id: UUID, handler: Handler, stream_id: UUID, stream_position: int
) -> dict[str, Any]:
    """Return the row of a delivery."""
    return {
        "event_id": event_id,
        "handler": handler.id,
        "stream_id": stream_id,
        "stream_position": stream_position,
        "max_attempts": handler.subscription.max_attempts,
        "blocks_when_dead": handler.subscription.on_dead == "block",
        "priority": PRIORITIES[handler.subscription.priority],
        "delay": 0.0,
        "due_at": None,
        "expires_at": None,
        "batch_id": None,
    }
