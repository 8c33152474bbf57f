"""Schedules: each tick an event like any other, published once, whoever does it."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import bindparam, insert, select, update

from app.core.events import EventRegistry, Handler
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.connection import (
    Connection,
    Database,
    IntegrityViolation,
)
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_log, schedule_state
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector

NOW: Final = Statement(select(database_time().label("now")))
FIRED: Final = Statement(
    select(event_log.c.event_id).where(
        event_log.c.aggregate_type == bindparam("kind"),
        event_log.c.aggregate_id == bindparam("schedule_id"),
        event_log.c.aggregate_version == bindparam("number"),
    )
)


_is_this = schedule_state.c.schedule == bindparam("of_schedule")
LAST: Final = Statement(select(schedule_state.c.last_due_at).where(_is_this))
REMEMBER: Final = Statement(
    update(schedule_state).where(_is_this).values(last_due_at=bindparam("last_due_at"))
)
REMEMBER_FIRST: Final = Statement(insert(schedule_state), columns=["schedule", "last_due_at"])


@dataclass(eq=False, kw_only=True, slots=True)
class Schedule(AggregateRoot):
    """What ticks belong to. The number of a tick is its version."""

    aggregate_type: ClassVar = "schedule"


class Scheduler:
    """Publishes the ticks that are due.

    The event log takes each version of an aggregate once: of several schedulers that come at the
    same moment one succeeds, and the others find it done. The last tick is remembered besides,
    because the log forgets. A last tick that lies ahead, by a clock that did, stops nothing.
    """

    def __init__(self, database: Database, registry: EventRegistry) -> None:
        self._database, self._registry = database, registry
        self._fired: dict[str, int] = {}

    async def fire_due(self) -> int:
        """Publish what is due by the database's clock; return how many ticks were ours.

        One that can't be published keeps no other from its turn: its error is raised at the end.
        """
        schedules = [h for h in self._registry.handlers if h.subscription.every is not None]
        row = await self._database.fetch_one(NOW, {}) if schedules else None
        if row is None:
            return 0
        fired, errors = 0, []
        for schedule in schedules:
            try:
                fired += await self._fire(schedule, row["now"])
            except Exception as error:  # noqa: BLE001 - raised below
                error.add_note(f"schedule {schedule.id}")
                errors.append(error)
        if errors:
            raise errors[0]
        return fired

    async def _fire(self, handler: Handler, now: dt.datetime) -> bool:
        seconds = (handler.subscription.every or dt.timedelta.max).total_seconds()
        number = int(now.timestamp() // seconds)
        if self._fired.get(handler.id) == number:
            return False
        due_at = dt.datetime.fromtimestamp(number * seconds, dt.UTC)
        schedule = Schedule(
            id=schedule_id(handler.id), version=number, created_at=due_at, updated_at=now
        )
        tick = ScheduleTick(handler.id, due_at)
        schedule.record(tick)
        try:
            is_ours = await self._publish(schedule, tick)
        except IntegrityViolation:  # another one was faster by a moment
            is_ours = False
        self._fired[handler.id] = number
        return is_ours

    async def _publish(self, schedule: Schedule, tick: ScheduleTick) -> bool:
        position = {
            "kind": schedule.aggregate_type,
            "schedule_id": schedule.id,
            "number": schedule.version,
        }
        async with self._database.transaction() as connection:
            last = await connection.fetch_one(LAST, {"of_schedule": tick.schedule})
            if last and last["last_due_at"] == tick.due_at:
                return False
            is_ours = await connection.fetch_one(FIRED, position) is None
            if is_ours:
                collector = EventCollector(self._registry)
                collector.collect(schedule)
                await collector.write(connection)
            await _remember(connection, tick, is_first=last is None)
            await connection.commit()
        return is_ours


async def _remember(connection: Connection, tick: ScheduleTick, *, is_first: bool) -> None:
    if is_first:
        row = {"schedule": tick.schedule, "last_due_at": tick.due_at}
        await connection.execute(REMEMBER_FIRST, row)
    else:
        moved = {"of_schedule": tick.schedule, "last_due_at": tick.due_at}
        await connection.execute(REMEMBER, moved)


def schedule_id(handler_id: str) -> UUID:
    """Return the id of what a handler's ticks belong to."""
    return uuid5(NAMESPACE_URL, handler_id)
