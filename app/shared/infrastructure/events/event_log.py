"""The event log: every published fact, written in the transaction of the change that made it."""

import datetime as dt
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert

from app.core.context import current_work
from app.shared.domain.base_entity import AggregateRoot, new_id
from app.shared.infrastructure.database.connection import Connection
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.query import Query

_COLUMNS = [column.name for column in event_log.columns if column.name != "seq"]
APPEND = Query(insert(event_log), columns=_COLUMNS)


class EventCollector:
    """Gathers what aggregates recorded during a unit of work, to be written at its end."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def collect(self, aggregate: AggregateRoot) -> None:
        """Take the events of an aggregate that was just saved: they carry its new version."""
        work = current_work.get()
        for ordinal, event in enumerate(aggregate.pull_events()):
            self._rows.append(
                {
                    "event_id": new_id(),
                    "event_type": event.type,
                    "schema_version": event.schema_version,
                    "module": event.type.partition(".")[0],
                    "aggregate_type": aggregate.aggregate_type,
                    "aggregate_id": aggregate.id,
                    "aggregate_version": aggregate.version,
                    "ordinal": ordinal,
                    "payload": asdict(event),
                    "correlation_id": work.request_id or None,
                    "causation_id": None,
                    "traceparent": work.traceparent,
                    "actor_id": work.actor_id,
                    "occurred_at": aggregate.updated_at,
                }
            )

    async def write(self, connection: Connection) -> None:
        """Append what was gathered to the log, inside the caller's transaction."""
        if not self._rows:
            return
        recorded_at = dt.datetime.now(dt.UTC)
        rows, self._rows = self._rows, []
        for row in rows:
            row["recorded_at"] = recorded_at
        if len(rows) == 1:
            await connection.execute(APPEND, rows[0])
        else:
            await connection.execute_many(APPEND, rows)
