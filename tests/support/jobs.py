"""For authors of modules: which jobs were enqueued, and what comes of them as time passes."""

import datetime as dt
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from sqlalchemy import bindparam, select

from app.container import ApplicationContainer
from app.shared.domain.base_entity import new_id
from app.shared.domain.jobs import Job
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_in
from app.shared.infrastructure.events.outbox.decoding import decoded
from app.shared.infrastructure.events.outbox.event_log import DELIVER
from tests.support.events import ADD, an_event
from tests.support.scenario import Drain

Kind = TypeVar("Kind", bound=Job[Any])

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, CANCELLED, HELD = DeliveryState

ENQUEUED: Final = Statement(
    select(event_log.c.event_type, event_log.c.schema_version, event_log.c.payload)
    .join(event_delivery, event_delivery.c.event_id == event_log.c.event_id)
    .where(
        event_delivery.c.handler == bindparam("type"),
        is_in(event_delivery.c.state, READY, CLAIMED, BLOCKED, HELD, NO_HANDLER),
    )
    .order_by(event_log.c.seq)
)


class Jobs:
    """The jobs of the service: `await jobs.enqueued(SendReport)`, `await jobs.drain()`."""

    def __init__(self, container: ApplicationContainer, drain: Drain) -> None:
        self._database, self._registry = container.database(), container.registry()
        self._drain = drain

    async def enqueued(self, kind: type[Kind]) -> list[Kind]:
        """Return the jobs of a class that are still to be done, in the order of enqueuing."""
        rows = await self._database.fetch_all(ENQUEUED, {"type": kind.type})
        return [cast("Kind", decoded(self._registry, row)) for row in rows]

    async def drain(self, *, until: dt.timedelta | None = None) -> None:
        """Run what is due, and with `until` all that will be due within that time, in its order."""
        await self._drain(until=until)


async def leave_job(database: Database, actor_id: UUID) -> UUID:
    """Leave a job of somebody's that waits for a handler which is not there; return its id."""
    id = new_id()
    event = an_event(
        event_id=id,
        event_type="test.wait",
        aggregate_type="job",
        aggregate_id=id,
        actor_id=actor_id,
    )
    delivery = {
        "event_id": id,
        "handler": "test.wait",
        "stream_id": id,
        "stream_position": 0,
        "max_attempts": 3,
        "blocks_when_dead": True,
        "priority": 1,
        "delay": 0.0,
        "due_at": None,
        "expires_at": None,
        "batch_id": None,
    }
    async with database.transaction() as connection:
        await connection.execute(ADD, event)
        await connection.execute(DELIVER, delivery)
        await connection.commit()
    return id
