"""For authors of modules: the events that were published during a test."""

from typing import Final, TypeVar, cast

from sqlalchemy import bindparam, func, select

from app.container import ApplicationContainer
from app.shared.domain.events import DomainEvent
from app.shared.infrastructure.database.models import event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.decoding import decoded

Event = TypeVar("Event", bound=DomainEvent)

LAST: Final = Statement(select(func.coalesce(func.max(event_log.c.seq), 0).label("seq")))
SINCE: Final = Statement(
    select(event_log.c.event_type, event_log.c.schema_version, event_log.c.payload)
    .where(event_log.c.event_type == bindparam("name"), event_log.c.seq > bindparam("seq"))
    .order_by(event_log.c.seq)
)


class Published:
    """The event log since the beginning of the test."""

    def __init__(self, container: ApplicationContainer, since: int) -> None:
        self._database, self._registry = container.database(), container.registry()
        self._since = since

    async def of(self, kind: type[Event]) -> list[Event]:
        """Return the events of a class as handlers get them, in the order of the log."""
        asked = {"name": kind.type, "seq": self._since}
        rows = await self._database.fetch_all(SINCE, asked)
        return [cast("Event", decoded(self._registry, row)) for row in rows]


async def published_from_now_on(container: ApplicationContainer) -> Published:
    row = await container.database().fetch_one(LAST, {})
    assert row is not None
    return Published(container, row["seq"])
