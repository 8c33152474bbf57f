"""Delivers past events: again to a repaired handler, or for the first time to a new one.

The log is read part by part from the oldest event, with one transaction for each part.
"""

import datetime as dt
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    insert,
    literal_column,
    not_,
    select,
    update,
)

from app.core.events import EventRegistry
from app.core.exceptions import ConcurrentUpdate
from app.core.run_limits import PRIORITIES
from app.shared.application.dto.events import Changed
from app.shared.application.events import HandlerWithoutEvents
from app.shared.infrastructure.database.connection import (
    Connection,
    Database,
    IntegrityViolation,
)
from app.shared.infrastructure.database.models import event_delivery, event_log
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.states import DeliveryState, due_in, is_just
from app.shared.infrastructure.events.delivery.unblocking import unblock_all
from app.shared.infrastructure.events.operations.delivery_operations import AGAIN, BATCH, known
from app.shared.infrastructure.events.outbox.event_log import ORDINALS
from app.shared.infrastructure.events.outbox.log_positions import IS_AFTER, IS_UP_TO_LAST

_PRIORITY: Final = PRIORITIES["normal"]
"""The handler's own priority is not used: new events go before events of the past."""

FOREVER: Final = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)

_this, _event = event_delivery.c, event_log.c
_is_of_kind = _event.event_type.in_(bindparam("kinds"))


def _stretch(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(_is_of_kind, IS_AFTER)


_next = (
    _stretch(_event.recorded_at, _event.seq)
    .where(_event.recorded_at < bindparam("until"))
    .order_by(_event.recorded_at, _event.seq)
    .limit(BATCH)
    .subquery("next")
)
END_OF_STRETCH: Final = Statement(
    select(_next).order_by(_next.c.recorded_at.desc(), _next.c.seq.desc()).limit(1)
)
"""Finds the last of the next `BATCH` events of these kinds, where the current part ends."""


def _redo(state: DeliveryState) -> Statement:
    return Statement(
        update(event_delivery)
        .where(
            _this.handler == bindparam("of_handler"),
            is_just(_this.state, state),
            _this.event_id.in_(_stretch(_event.event_id).where(IS_UP_TO_LAST)),
        )
        .values(AGAIN | {"last_error": None, "priority": _PRIORITY})
    )


REDO: Final = _redo(DeliveryState.DONE)
REDO_DISCARDED: Final = _redo(DeliveryState.DISCARDED)
_has_delivery = exists(
    select(_this.id)
    .where(_this.event_id == _event.event_id, _this.handler == bindparam("of_handler"))
    .correlate(event_log)
)
_missing: Final[dict[str, ColumnElement[Any]]] = {
    "event_id": _event.event_id,
    "handler": bindparam("of_handler", type_=String),
    "stream_id": _event.aggregate_id,
    "stream_position": _event.aggregate_version * literal_column(str(ORDINALS)) + _event.ordinal,
    "state": literal_column(str(int(DeliveryState.BLOCKED))),
    "token": literal_column("0"),
    "attempts": literal_column("0"),
    "max_attempts": bindparam("max_attempts", type_=Integer),
    "blocks_when_dead": bindparam("blocks_when_dead", type_=Boolean),
    "priority": literal_column(str(_PRIORITY)),
    **due_in(),
}
ADD_MISSING: Final = Statement(
    insert(event_delivery).from_select(
        list(_missing),
        _stretch(*_missing.values()).where(IS_UP_TO_LAST, not_(_has_delivery)).order_by(_event.seq),
    )
)


class Replay:
    """See `EventReplay`."""

    def __init__(self, database: Database, registry: EventRegistry, notifier: Notifier) -> None:
        self._database, self._registry, self._notifier = database, registry, notifier

    async def replay(
        self,
        handler: str,
        /,
        *,
        since: dt.datetime,
        until: dt.datetime | None,
        discarded: bool = False,
    ) -> Changed:
        steps = (REDO, REDO_DISCARDED, ADD_MISSING) if discarded else (REDO, ADD_MISSING)
        return await self._walk(handler, since, until or FOREVER, steps)

    async def backfill(self, handler: str, /, *, since: dt.datetime) -> Changed:
        return await self._walk(handler, since, FOREVER, (ADD_MISSING,))

    async def _walk(
        self,
        handler: str,
        since: dt.datetime,
        until: dt.datetime,
        steps: tuple[Statement, ...],
    ) -> Changed:
        """Read the log part by part from the oldest event, and run the steps for each part."""
        asked = known(self._registry, handler).subscription
        if not asked.events:
            raise HandlerWithoutEvents
        params: dict[str, Any] = {
            "of_handler": handler,
            "kinds": [event.type for event in asked.events],
            "max_attempts": asked.max_attempts,
            "blocks_when_dead": asked.on_dead == "block",
            "until": until,
            "after_time": since,
            "after_seq": 0,
        }
        hit = 0
        while end := await self._database.fetch_one(END_OF_STRETCH, params):
            params |= {"last_time": end["recorded_at"], "last_seq": end["seq"]}
            async with self._database.transaction() as connection:
                hit += sum([await _added(connection, step, params) for step in steps])
                await connection.commit()
            params |= {"after_time": end["recorded_at"], "after_seq": end["seq"]}
        await unblock_all(self._database, handler)
        self._notifier.notify()
        return Changed(hit)


async def _added(connection: Connection, step: Statement, params: dict[str, Any]) -> int:
    try:
        return await connection.execute(step, params)
    except IntegrityViolation as violation:  # another process adds the same one now
        raise ConcurrentUpdate from violation
