"""Publishing: every fact, and who has to be told of it, in the transaction of its change."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.core.context import current_work
from app.core.events import PRIORITIES, EventRegistry, Handler
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.domain.events import DomainEvent
from app.shared.infrastructure.database.batches import execute_each
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, due_in

_LOGGED = [c.name for c in event_log.columns if c.name not in {"seq", "recorded_at"}]
APPEND = Statement(insert(event_log).values(recorded_at=database_time()), columns=_LOGGED)
DELIVER = Statement(
    insert(event_delivery).values(state=int(DeliveryState.READY), token=0, attempts=0, **due_in()),
    columns=[
        "event_id",
        "handler",
        "stream_id",
        "stream_position",
        "max_attempts",
        "blocks_when_dead",
        "priority",
    ],
)

# Versions count saves, ordinals the events of one save: together the order within an aggregate.
ORDINALS = 1024


class EventCollector:
    """Gathers what aggregates recorded during a unit of work, to be written at its end."""

    def __init__(self, registry: EventRegistry) -> None:
        self._registry = registry
        self._events: list[dict[str, Any]] = []
        self._deliveries: list[dict[str, Any]] = []

    def collect(self, aggregate: AggregateRoot) -> None:
        """Take the events of an aggregate that was just saved: they carry its new version."""
        for ordinal, event in enumerate(aggregate.pull_events()):
            event_id = new_id()
            self._events.append(_logged(event_id, event, aggregate, ordinal))
            for handler in self._registry.handlers_of(event):
                self._deliveries.append(_delivery(event_id, handler, aggregate, ordinal))

    async def write(self, connection: Connection) -> bool:
        """Write what was gathered, inside the caller's transaction; tell if there is work to do."""
        events, self._events = self._events, []
        deliveries, self._deliveries = self._deliveries, []
        await execute_each(connection, APPEND, events)
        await execute_each(connection, DELIVER, deliveries)
        return bool(deliveries)


def _logged(
    event_id: UUID, event: DomainEvent, aggregate: AggregateRoot, ordinal: int
) -> dict[str, Any]:
    work = current_work.get()
    return {
        "event_id": event_id,
        "event_type": event.type,
        "schema_version": event.schema_version,
        "module": event.type.partition(".")[0],
        "aggregate_type": aggregate.aggregate_type,
        "aggregate_id": aggregate.id,
        "aggregate_version": aggregate.version,
        "ordinal": ordinal,
        # Not `asdict`, which copies every value: it takes twenty times as long.
        "payload": {field.name: getattr(event, field.name) for field in fields(event)},
        "correlation_id": work.request_id or None,
        "causation_id": work.caused_by,
        "traceparent": work.traceparent,
        "actor_id": work.actor_id,
        "occurred_at": aggregate.updated_at,
    }


def _delivery(
    event_id: UUID, handler: Handler, aggregate: AggregateRoot, ordinal: int
) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "handler": handler.id,
        "stream_id": aggregate.id,
        "stream_position": aggregate.version * ORDINALS + ordinal,
        "max_attempts": handler.subscription.max_attempts,
        "blocks_when_dead": handler.subscription.on_dead == "block",
        "priority": PRIORITIES[handler.subscription.priority],
    }
