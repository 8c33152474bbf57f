"""Forgetting, in time, what was delivered and what happened: so the tables stay small."""

import datetime as dt
from typing import Final

from sqlalchemy import Float, bindparam, delete, exists, not_, select

from app.core.events import every
from app.shared.domain.events import ScheduleTick
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.database.expressions import database_time, one_of
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.query import Query
from app.shared.infrastructure.events.states import DeliveryState, is_just

BATCH: Final = 5_000

_keep_since = database_time(-bindparam("keep", type_=Float))

_done = event_delivery.alias("done").c
OLD_DELIVERIES: Final = Query(
    delete(event_delivery).where(
        one_of(
            event_delivery.c.id,
            select(_done.id)
            .where(is_just(_done.state, DeliveryState.DONE), _done.done_at < _keep_since)
            .order_by(_done.done_at)
            .limit(BATCH),
        )
    )
)
"""The attempts go with them: the foreign key sees to it."""

_old = event_log.alias("old").c
OLD_EVENTS: Final = Query(
    delete(event_log).where(
        one_of(
            event_log.c.seq,
            select(_old.seq)
            .where(
                _old.recorded_at < _keep_since,
                # Whoever has still to be told of it, or was not told in vain, needs it.
                not_(exists().where(event_delivery.c.event_id == _old.event_id)),
            )
            .order_by(_old.recorded_at, _old.seq)
            .limit(BATCH),
        )
    )
)


@every(dt.timedelta(hours=1), id="event.forget_deliveries", transactional=False)
class ForgetDeliveries:
    """Delete deliveries that were done long enough ago. Dead ones stay until somebody looks."""

    def __init__(self, database: Database, keep: dt.timedelta) -> None:
        self._database, self._keep = database, keep

    async def __call__(self, _tick: ScheduleTick, _key: str) -> None:
        await forget_older(self._database, OLD_DELIVERIES, self._keep)


@every(dt.timedelta(hours=1), id="event.forget_events", transactional=False)
class ForgetEvents:
    """Delete events that are old enough and that nobody has a delivery of any more."""

    def __init__(self, database: Database, keep: dt.timedelta) -> None:
        self._database, self._keep = database, keep

    async def __call__(self, _tick: ScheduleTick, _key: str) -> None:
        await forget_older(self._database, OLD_EVENTS, self._keep)


async def forget_older(database: Database, query: Query, keep: dt.timedelta) -> None:
    """Delete in small transactions, so that nobody waits long for one of them."""
    hit = BATCH
    while hit == BATCH:
        async with database.transaction() as connection:
            hit = await connection.execute(query, {"keep": keep.total_seconds()})
            await connection.commit()
