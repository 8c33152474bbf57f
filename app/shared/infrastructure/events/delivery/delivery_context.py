"""In whose name a delivery runs, and the key by which others know it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid5

from app.core.context import WorkContext, current_work
from app.shared.infrastructure.database.connection import Row


def delivery_key(event_id: UUID, handler_id: str) -> str:
    """Return what the other side can tell a repetition by.

    It follows from the event and the handler's id alone (UUIDv5, RFC 9562), so it is the same for
    every attempt, also after a replay or in a restored database, and no other delivery has it. It
    has no full stop, by which a signed message is divided.
    """
    return str(uuid5(event_id, handler_id))


@contextmanager
def working_on(row: Row) -> Iterator[None]:
    """Carry on in the name of whoever caused the event: log lines and new events say so."""
    token = current_work.set(
        WorkContext(
            request_id=row["correlation_id"] or "",
            actor_id=row["actor_id"],
            traceparent=row["traceparent"],
            caused_by=row["event_id"],
            caused_at=row["occurred_at"],
        )
    )
    try:
        yield
    finally:
        current_work.reset(token)
