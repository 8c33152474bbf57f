"""Publishing: every fact, and who has to be told of it, in the transaction of its change."""

import datetime as dt
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, bindparam, case, func, insert

from app.core.context import current_work
from app.core.events import EventRegistry, Handler, PublishedEvent
from app.core.run_limits import PRIORITIES
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.infrastructure.database.batches import execute_each
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState

LOGGED = [c.name for c in event_log.columns if c.name not in {"seq", "recorded_at"}]
APPEND = Statement(insert(event_log).values(recorded_at=database_time()), columns=LOGGED)
# The moment that somebody named, or else so many seconds from now by the database's clock.
_named = bindparam("due_at", type_=event_delivery.c.due_at.type)
NEW_DELIVERY: Final[dict[str, Any]] = {
    "state": int(DeliveryState.READY),
    "token": 0,
    "attempts": 0,
    "due_at": func.coalesce(_named, database_time(bindparam("delay", type_=Float))),
    "due_set_at": case((_named.is_(None), database_time())),
}
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

# Versions count saves, ordinals the events of one save: together the order within an aggregate.
ORDINALS = 1024


class EventCollector:
    """Gathers what aggregates recorded during a unit of work, to be written at its end."""

    def __init__(self, registry: EventRegistry) -> None:
        self._registry = registry
        self._events: list[dict[str, Any]] = []
        self._deliveries: list[dict[str, Any]] = []
        self._has_jobs = False
        self.open_batches = 0
        """How many batches of jobs are in their blocks, and not written yet."""

    def collect(self, aggregate: AggregateRoot) -> None:
        """Take the events of an aggregate that was just saved: they carry its new version."""
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
        """Take rows of jobs, which no aggregate recorded; without any, those that are written."""
        if event is not None:
            self._events.append(event)
        if delivery is not None:
            self._deliveries.append(delivery)
        self._has_jobs = True

    async def write(self, connection: Connection) -> bool:
        """Write what was gathered, inside the caller's transaction; tell if there is work to do."""
        if self.open_batches:
            message = "commit after the `async with` block of a batch, whose end writes its jobs"
            raise TypeError(message)
        events, self._events = self._events, []
        deliveries, self._deliveries = self._deliveries, []
        await execute_each(connection, APPEND, events)
        await execute_each(connection, DELIVER, deliveries)
        return bool(deliveries) or self._has_jobs


def event_row(event: PublishedEvent, *, occurred_at: dt.datetime, **place: Any) -> dict[str, Any]:
    """Return the row of an event, or of a job, with a new id; `place` is where it stands."""
    work = current_work.get()
    return {
        "event_id": new_id(),
        "event_type": event.type,
        "schema_version": event.schema_version,
        "module": event.type.partition(".")[0],
        **place,
        "payload": payload_of(event),
        "correlation_id": work.request_id or None,
        "causation_id": work.caused_by,
        "traceparent": work.traceparent,
        "actor_id": work.actor_id,
        "occurred_at": occurred_at,
    }


def payload_of(event: Any) -> dict[str, Any]:
    """Return the values of its fields. Not by `asdict`, which copies each: twenty times slower."""
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
