"""Deliveries that failed, without anything that would fail: written as the engine leaves them."""

from uuid import UUID

from sqlalchemy import insert

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.database.connection import Connection, Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_attempt, event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState

HANDLER = "user.end_sessions"
ADD_EVENT = Statement(
    insert(event_log).values(
        event_type="user.deactivated",
        schema_version=1,
        module="user",
        aggregate_type="user",
        ordinal=0,
        occurred_at=database_time(),
        recorded_at=database_time(),
    ),
    columns=["event_id", "aggregate_id", "aggregate_version", "payload"],
)
ADD_DELIVERY = Statement(
    insert(event_delivery)
    .values(
        handler=HANDLER,
        token=1,
        max_attempts=10,
        blocks_when_dead=True,
        due_at=database_time(),
    )
    .returning(event_delivery.c.id),
    columns=["event_id", "stream_id", "stream_position", "state", "attempts", "last_error"],
)
ADD_ATTEMPT = Statement(
    insert(event_attempt).values(
        token=1,
        attempt=10,
        worker_id="worker:1",
        ended_at=database_time(),
        error_class="ValueError",
        error="ValueError: no",
        traceback="Traceback (most recent call last): …",
    ),
    columns=["delivery_id"],
)


async def leave_failed(database: Database, error: str = "ValueError: no") -> list[int]:
    """Leave a dead delivery and one that waits behind it; return the ids of both."""
    user_id = new_id()
    async with database.transaction() as connection:
        ids = [
            await _delivery(connection, user_id, version, state, error)
            for version, state in enumerate((DeliveryState.DEAD, DeliveryState.BLOCKED), 1)
        ]
        await connection.execute(ADD_ATTEMPT, {"delivery_id": ids[0]})
        await connection.commit()
    return ids


async def _delivery(
    connection: Connection, user_id: UUID, version: int, state: DeliveryState, error: str
) -> int:
    event = {
        "event_id": new_id(),
        "aggregate_id": user_id,
        "aggregate_version": version,
        "payload": {"user_id": str(user_id)},
    }
    delivery = {
        "event_id": event["event_id"],
        "stream_id": user_id,
        "stream_position": version * 1024,
        "state": int(state),
        "attempts": 10 if state is DeliveryState.DEAD else 0,
        "last_error": error if state is DeliveryState.DEAD else None,
    }
    await connection.execute(ADD_EVENT, event)
    row = await connection.fetch_one(ADD_DELIVERY, delivery)
    assert row is not None
    return int(row["id"])
