"""The actor in whose name a delivery runs, and the key by which others know it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid5

from app.core import tracing
from app.core.context import WorkContext, current_work
from app.shared.infrastructure.database.connection import Row


def delivery_key(event_id: UUID, handler_id: str) -> str:
    """Return the key by which the receiver recognises a repetition.

    It depends only on the event and the handler's id (UUIDv5, RFC 9562). So it is the same for
    every attempt, also after a replay or in a restored database, and no other delivery has it. It
    contains no full stop, because full stops divide a signed message.
    """
    return str(uuid5(event_id, handler_id))


@contextmanager
def working_on(row: Row) -> Iterator[WorkContext]:
    """Continue in the name of the actor that caused the event: log lines and new events name it."""
    work = WorkContext(
        request_id=row["correlation_id"] or "",
        actor_id=row["actor_id"],
        traceparent=row["traceparent"],
        caused_by=row["event_id"],
        caused_at=row["occurred_at"],
    )
    token = current_work.set(work)
    try:
        yield work
    finally:
        current_work.reset(token)


@contextmanager
def attempting(handler_id: str, row: Row) -> Iterator[None]:
    """Work on it as an attempt of the handler, which is traced."""
    what = (row["event_type"], row["event_id"])
    with (
        working_on(row) as work,
        tracing.attempt(work, *what, handler=handler_id, number=row["attempts"]),
    ):
        yield
