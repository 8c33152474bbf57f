"""Helpers to test schedules with a clock that the test sets."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from sqlalchemy import select, update

from app.core.events import EventRegistry
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.connection import Connection, Database, Row
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.scheduler import NOW
from app.shared.infrastructure.events.delivery.states import DeliveryState
from tests.support.probe.module import ProbeUnitOfWork
from tests.support.probe.world import World

_TICKS = (
    select(event_log.c.payload)
    .where(event_log.c.event_type == ScheduleTick.type)
    .order_by(event_log.c.seq)
)
NOON: Final = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)


class Clocked:
    """A database whose clock a test sets."""

    def __init__(self, database: Database, now: dt.datetime = NOON) -> None:
        self._database = database
        self.now = now

    async def fetch_one(self, query: Statement, params: Mapping[str, Any], /) -> Row | None:
        return {"now": self.now} if query is NOW else await self._database.fetch_one(query, params)

    async def fetch_all(self, query: Statement, params: Mapping[str, Any], /) -> Sequence[Row]:
        return await self._database.fetch_all(query, params)

    async def execute(self, query: Statement, params: Mapping[str, Any], /) -> int:
        return await self._database.execute(query, params)

    async def execute_returning(
        self, query: Statement, params: Mapping[str, Any], /
    ) -> Sequence[Row]:
        return await self._database.execute_returning(query, params)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        return self._database.transaction()

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Listener:
    """Records the ticks that it gets."""

    def __init__(self) -> None:
        self.told: list[ScheduleTick] = []

    async def __call__(self, tick: ScheduleTick, uow: ProbeUnitOfWork) -> None:
        self.told.append(tick)


def registry_of(world: World, *handlers: Any) -> EventRegistry:
    registry = EventRegistry()
    registry.publish([ScheduleTick])
    registry.subscribe(handlers, unit_of_work=world.unit_of_work)
    return registry


async def ticks(world: World) -> list[dt.datetime]:
    """Return the published ticks, in their order."""
    rows = await world.fetch(_TICKS)
    return [dt.datetime.fromisoformat(row["payload"]["due_at"]) for row in rows]


async def set_state(world: World, state: DeliveryState) -> None:
    """Set all deliveries to a state, as if they had already reached it."""
    await world.execute(update(event_delivery).values(state=int(state)))
