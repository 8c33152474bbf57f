"""Schedules: each tick is an event like any other, published once by any one process."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import String, Uuid, bindparam, insert, select, update

from app.core.events import EventRegistry, Handler
from app.core.exceptions import CompositionError
from app.core.timetables import AT_ONCE, Cron, Times, Timetable
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.connection import (
    Connection,
    Database,
    IntegrityViolation,
    Row,
)
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_log, schedule_state
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.deliveries import head_of
from app.shared.infrastructure.events.outbox.event_log import EventCollector

NOW: Final = Statement(select(database_time().label("now")))
FIRED: Final = Statement(
    select(event_log.c.event_id).where(
        event_log.c.aggregate_type == bindparam("kind"),
        event_log.c.aggregate_id == bindparam("schedule_id"),
        event_log.c.aggregate_version == bindparam("number"),
    )
)
UNFINISHED: Final = Statement(
    head_of(bindparam("of_handler", type_=String), bindparam("of_stream", type_=Uuid))
)
"""An earlier tick that waits or runs."""

_this = schedule_state.c
STATE: Final = Statement(
    select(_this.settled_until, _this.times).where(_this.schedule == bindparam("of_schedule"))
)
BEGIN: Final = Statement(insert(schedule_state), columns=["schedule", "settled_until", "times"])
SETTLE: Final = Statement(
    update(schedule_state)
    .where(_this.schedule == bindparam("of_schedule"), _this.settled_until == bindparam("seen"))
    .values(settled_until=bindparam("until"), times=bindparam("by"))
)
"""If several schedulers saw the same state, one succeeds."""


@dataclass(eq=False, kw_only=True, slots=True)
class Schedule(AggregateRoot):
    """The aggregate to which ticks belong. The number of a tick is its version."""

    aggregate_type: ClassVar = "schedule"


class Quiet(NamedTuple):
    """The period in which a schedule has no tick."""

    begin: dt.datetime
    end: dt.datetime


class Turn(NamedTuple):
    """What to do now for a schedule: publish these ticks, and record until when all is settled."""

    due: Sequence[dt.datetime]
    until: dt.datetime
    times: Times
    is_noted: bool


class Scheduler:
    """Publishes the ticks that are due.

    A schedule's state says until when all is settled; ticks are computed from there, never from
    now. If several schedulers come at the same moment, one changes the state, and the others do
    nothing. The event log also accepts each tick once, so a clock that goes back repeats none.
    """

    def __init__(self, database: Database, registry: EventRegistry) -> None:
        self._database, self._registry = database, registry
        self._quiet: dict[str, Quiet] = {}

    async def fire_due(self) -> int:
        """Publish what is due by the database's clock; return how many ticks were ours.

        A tick that can't be published does not stop the others: its error is raised at the end.
        """
        schedules = [
            (handler, handler.subscription.timetable)
            for handler in self._registry.handlers
            if handler.subscription.timetable
        ]
        row = await self._database.fetch_one(NOW, {}) if schedules else None
        if row is None:
            return 0
        fired, errors = 0, []
        for handler, timetable in schedules:
            try:
                fired += await self._fire(handler, timetable, row["now"])
            except IntegrityViolation:  # another scheduler was faster by a moment
                continue
            except Exception as error:  # noqa: BLE001 - raised below
                error.add_note(f"schedule {handler.id}")
                errors.append(error)
        if errors:
            raise errors[0]
        return fired

    async def _fire(self, handler: Handler, timetable: Timetable, now: dt.datetime) -> int:
        quiet = self._quiet.get(handler.id)
        if quiet and quiet.begin <= now < quiet.end:
            return 0
        fired = 0
        async with self._database.transaction() as connection:
            row = await connection.fetch_one(STATE, {"of_schedule": handler.id})
            turn = _turn(row, timetable, now)
            if turn.due and timetable.overlap == "one" and await _is_busy(connection, handler):
                return 0
            if not turn.is_noted:
                if not await _note(connection, handler, row, turn):
                    return 0
                fired = await self._publish(connection, handler, turn, now)
                await connection.commit()
        self._quiet[handler.id] = Quiet(turn.until, _next(turn.times, turn.until))
        return fired

    async def _publish(
        self, connection: Connection, handler: Handler, turn: Turn, now: dt.datetime
    ) -> int:
        collector, fired = EventCollector(self._registry), 0
        for due_at in turn.due:
            schedule = Schedule(
                id=schedule_id(handler.id),
                version=turn.times.number(due_at),
                created_at=due_at,
                updated_at=now,
            )
            position = {
                "kind": schedule.aggregate_type,
                "schedule_id": schedule.id,
                "number": schedule.version,
            }
            if await connection.fetch_one(FIRED, position) is None:
                schedule.record(ScheduleTick(handler.id, due_at, now - due_at))
                collector.collect(schedule)
                fired += 1
        await collector.write(connection)
        return fired


def _turn(row: Row | None, timetable: Timetable, now: dt.datetime) -> Turn:
    times = timetable.times
    # A state in the future, written while the clock was ahead, stops nothing.
    if row is None or row["settled_until"] > now:
        is_noted, since = False, times.start(now)
    else:
        is_noted, since = row["times"] == str(times), row["settled_until"]
        if isinstance(times, Cron) and not is_noted:
            # The expression of the previous release counted until this release came.
            before = _stored(row["times"])
            timetable = replace(timetable, times=before or times)
            since = since if before else now
    due = timetable.due(since, now)
    if due and (timetable.times == times or len(due) == AT_ONCE):
        return Turn(due, due[-1], timetable.times, is_noted=False)
    if is_noted and _next(times, since) > now:
        return Turn((), since, times, is_noted=True)
    return Turn(due, now, times, is_noted=False)


def _stored(times: str) -> Cron | None:
    try:
        return Cron.parse(times)
    except CompositionError:  # an interval, or a zone that no longer exists
        return None


def _next(times: Times, after: dt.datetime) -> dt.datetime:
    return next(times.after(after), dt.datetime.max.replace(tzinfo=dt.UTC))


async def _is_busy(connection: Connection, handler: Handler) -> bool:
    stream = {"of_handler": handler.id, "of_stream": schedule_id(handler.id)}
    return await connection.fetch_one(UNFINISHED, stream) is not None


async def _note(connection: Connection, handler: Handler, row: Row | None, turn: Turn) -> bool:
    """Record until when all is settled; tell if no other scheduler did since the row was read."""
    by = str(turn.times)
    if row is None:
        begun = {"schedule": handler.id, "settled_until": turn.until, "times": by}
        return await connection.execute(BEGIN, begun) == 1
    moved = {"of_schedule": handler.id, "seen": row["settled_until"], "until": turn.until, "by": by}
    return await connection.execute(SETTLE, moved) == 1


def schedule_id(handler_id: str) -> UUID:
    """Return the id of the schedule to which a handler's ticks belong."""
    return uuid5(NAMESPACE_URL, handler_id)
