"""Deletes old deliveries and events in time, so that the tables stay small."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import Float, Integer, bindparam, delete, exists, not_, select

from app.core.schedules import every
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.batches import delete_batch
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time
from app.shared.infrastructure.database.models import event_delivery, event_log, job_batch
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.states import DeliveryState, is_just
from app.shared.infrastructure.events.outbox.log_positions import IS_AFTER, IS_UP_TO_LAST

BATCH: Final = 5_000

_keep_since = database_time(-bindparam("keep", type_=Float))


def _old(state: DeliveryState) -> Statement:
    return delete_batch(
        event_delivery, lambda c: is_just(c.state, state) & (c.done_at < _keep_since), "done_at"
    )


OLD_DELIVERIES: Final = _old(DeliveryState.DONE)
"""Foreign keys delete their attempts, results and progress with them."""

OLD_CANCELLED: Final = _old(DeliveryState.CANCELLED)
OLD_DISCARDED: Final = _old(DeliveryState.DISCARDED)
"""They stay as long as their event: without them a replay would treat it as never delivered."""

OLD_BATCHES: Final = delete_batch(job_batch, lambda c: c.closed_at < _keep_since, "closed_at")
"""Only closed batches: an open one has no such time."""

_event = event_log.c
_next = (
    select(_event.recorded_at, _event.seq)
    .where(IS_AFTER, _event.recorded_at < _keep_since)
    .order_by(_event.recorded_at, _event.seq)
    .limit(bindparam("most", type_=Integer))
    .subquery("next")
)
END_OF_OLD_EVENTS: Final = Statement(
    select(_next).order_by(_next.c.recorded_at.desc(), _next.c.seq.desc()).limit(1)
)
"""The last of the next so many old events, including those that are still needed."""

OLD_EVENTS: Final = Statement(
    delete(event_log).where(
        IS_AFTER,
        IS_UP_TO_LAST,
        # A delivery needs its event: the handler has still to run, or its end is still recorded.
        not_(exists().where(event_delivery.c.event_id == _event.event_id)),
    )
)


@every(dt.timedelta(hours=1), id="event.forget_deliveries", transactional=False)
class ForgetDeliveries:
    """Delete closed batches, and deliveries that were done or cancelled long enough ago.

    Dead deliveries stay.
    """

    def __init__(self, database: Database, keep: dt.timedelta) -> None:
        self._database, self._keep = database, keep

    async def __call__(self, _tick: ScheduleTick, _key: str) -> None:
        await forget_older(self._database, OLD_DELIVERIES, self._keep)
        await forget_older(self._database, OLD_CANCELLED, self._keep)
        await forget_older(self._database, OLD_BATCHES, self._keep)


@every(dt.timedelta(hours=1), id="event.forget_events", transactional=False)
class ForgetEvents:
    """Delete events that are old enough and have no delivery any more."""

    def __init__(self, database: Database, keep: dt.timedelta) -> None:
        self._database, self._keep = database, keep

    async def __call__(self, _tick: ScheduleTick, _key: str) -> None:
        """Go through the old events in order: no batch reads again those that must stay."""
        await forget_older(self._database, OLD_DISCARDED, self._keep)
        params: dict[str, Any] = {"keep": self._keep.total_seconds(), "most": BATCH}
        params |= {"after_time": dt.datetime.fromtimestamp(0, dt.UTC), "after_seq": 0}
        while end := await self._database.fetch_one(END_OF_OLD_EVENTS, params):
            params |= {"last_time": end["recorded_at"], "last_seq": end["seq"]}
            async with self._database.transaction() as connection:
                await connection.execute(OLD_EVENTS, params)
                await connection.commit()
            params |= {"after_time": end["recorded_at"], "after_seq": end["seq"]}


async def forget_older(database: Database, query: Statement, keep: dt.timedelta) -> None:
    """Delete in small transactions, so that no other transaction waits long for one of them."""
    hit = 1
    while hit:
        async with database.transaction() as connection:
            asked = {"keep": keep.total_seconds(), "most": BATCH}
            hit = await connection.execute(query, asked)
            await connection.commit()
