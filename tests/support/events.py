"""Rows of the event log: the plainest table there is, for tests of the database itself."""

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Reads, Row
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement

ADD = Statement(insert(event_log), columns=[c.name for c in event_log.columns if c.name != "seq"])
ALL = Statement(select(event_log).order_by(event_log.c.seq))
OF_ONE = Statement(
    select(event_log)
    .where(event_log.c.aggregate_id == bindparam("aggregate_id"))
    .order_by(event_log.c.seq)
)
COUNT = Statement(select(func.count().label("total")).select_from(event_log))
REMOVE = Statement(delete(event_log).where(event_log.c.event_type == bindparam("event_type")))


def an_event(**fields: Any) -> dict[str, Any]:
    """A row for the event log, like no other unless told so."""
    now = dt.datetime.now(dt.UTC)
    return {
        "event_id": new_id(),
        "event_type": "test.happened",
        "schema_version": 1,
        "module": "test",
        "aggregate_type": "test",
        "aggregate_id": new_id(),
        "aggregate_version": 1,
        "ordinal": 0,
        "payload": {},
        "correlation_id": None,
        "causation_id": None,
        "traceparent": None,
        "actor_id": None,
        "occurred_at": now,
        "recorded_at": now,
        **fields,
    }


async def count_events(where: Reads) -> int:
    row = await where.fetch_one(COUNT, {})
    assert row is not None
    total: int = row["total"]
    return total


async def all_events(where: Reads) -> list[Row]:
    """The whole log, in the order in which it was written."""
    return list(await where.fetch_all(ALL, {}))
