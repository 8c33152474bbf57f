"""Changes deliveries for operators: retry, discard and pause.

A retried delivery is first blocked and then unblocked like any other. So it keeps the order of its
stream. A pause is stored for the handler and changes no delivery: meanwhile none of its deliveries
is claimed.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    bindparam,
    func,
    literal_column,
    not_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite's dialect compiles it too

from app.core.context import current_work
from app.core.events import EventRegistry, Handler
from app.shared.application.dto.events import Changed
from app.shared.application.events import (
    DeliveryNotDead,
    DeliveryNotFound,
    DeliveryNotWaiting,
    DeliverySuperseded,
    HandlerNotFound,
)
from app.shared.infrastructure.database.connection import (
    Database,
    IntegrityViolation,
)
from app.shared.infrastructure.database.expressions import database_time, one_of
from app.shared.infrastructure.database.models import event_delivery, event_handler
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.delivery import deliveries
from app.shared.infrastructure.events.delivery.holding import free, free_in_pages
from app.shared.infrastructure.events.delivery.job_keys import is_superseded
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.events.delivery.states import (
    OPEN_STATES,
    DeliveryState,
    due_in,
    is_in,
)
from app.shared.infrastructure.events.delivery.unblocking import unblock_all
from app.shared.infrastructure.events.operations.inspection import Inspection

READY, CLAIMED, DEAD, DONE, BLOCKED, NO_HANDLER, DISCARDED, _, HELD = DeliveryState
BATCH: Final = 5_000

_this = event_delivery.c
_is_one = _this.id == bindparam("delivery_id")
AGAIN: Final[dict[str, Any]] = {
    "state": int(BLOCKED),
    "attempts": 0,
    **due_in(),
    "done_at": None,
    "worker_id": None,
}
_GIVEN_UP: Final[dict[str, Any]] = {
    "state": int(DISCARDED),
    "done_at": database_time(),
    "worker_id": None,
    "last_error": bindparam("note"),
}

STREAM: Final = Statement(select(_this.handler, _this.stream_id).where(_is_one))
RETRY: Final = Statement(
    update(event_delivery)
    .where(_is_one, is_in(_this.state, DEAD, NO_HANDLER, DISCARDED))
    .values(AGAIN)
    .returning(_this.id)
)
DISCARD: Final = Statement(
    update(event_delivery)
    .where(_is_one, is_in(_this.state, READY, DEAD, BLOCKED, HELD, NO_HANDLER))
    .values(_GIVEN_UP)
    .returning(_this.id)
)


def _batch_of_handler(
    *states: DeliveryState, if_so: ColumnElement[bool] | None = None, **values: Any
) -> Statement:
    """Change the next deliveries of a handler in some states, in the order of their ids."""
    other = event_delivery.alias("other").c
    chosen = (
        select(other.id)
        .where(
            other.handler == bindparam("of_handler"),
            is_in(other.state, *OPEN_STATES),
            is_in(other.state, *states),
            other.id > bindparam("after"),
        )
        .order_by(other.id)
        # A constant, because a plan for any number would read all deliveries in order, also done
        # ones, and hope to stop early.
        .limit(literal_column(str(BATCH)))
    )
    return Statement(
        update(event_delivery)
        # Check the states again: another process may have claimed one meanwhile.
        .where(
            one_of(_this.id, chosen),
            is_in(_this.state, *states),
            true() if if_so is None else if_so,
        )
        .values(values)
        .returning(_this.id, _this.stream_id)
    )


RETRY_BATCH: Final = _batch_of_handler(
    DEAD, NO_HANDLER, if_so=not_(is_superseded(_this, DEAD, NO_HANDLER)), **AGAIN
)
DISCARD_BATCH: Final = _batch_of_handler(DEAD, NO_HANDLER, **_GIVEN_UP)
DISCARD_WAITING_BATCH: Final = _batch_of_handler(READY, DEAD, BLOCKED, NO_HANDLER, **_GIVEN_UP)

PAUSE: Final = Statement(
    insert(event_handler)
    .values(paused_at=database_time())
    .on_conflict_do_update(
        index_elements=["handler"],
        set_={"paused_at": func.coalesce(event_handler.c.paused_at, database_time())},
    ),
    columns=["handler"],
)
RESUME: Final = Statement(
    update(event_handler)
    .where(
        event_handler.c.handler == bindparam("of_handler"),
        event_handler.c.paused_at.is_not(None),
    )
    .values(paused_at=None)
)


class SqlDeliveryOperations:
    """See `DeliveryOperations`. Many deliveries change in batches, one transaction each."""

    def __init__(
        self,
        database: Database,
        registry: EventRegistry,
        inspection: Inspection,
        notifier: Notifier,
    ) -> None:
        self._database, self._registry, self._notifier = database, registry, notifier
        self._inspection = inspection

    async def retry(self, delivery_id: int, /) -> None:
        await self._change(RETRY, delivery_id, {}, refusal=DeliveryNotDead)

    async def retry_all(self, handler: str, /) -> Changed:
        await self._inspection.require(handler)
        return await self._change_all(RETRY_BATCH, handler, {})

    async def discard(self, delivery_id: int, /, *, reason: str) -> None:
        given_up = {"note": _note(reason)}
        await self._change(DISCARD, delivery_id, given_up, refusal=DeliveryNotWaiting)

    async def discard_all(self, handler: str, /, *, reason: str) -> Changed:
        await self._inspection.require(handler)
        is_gone = self._registry.handler(handler) is None
        query = DISCARD_WAITING_BATCH if is_gone else DISCARD_BATCH
        return await self._change_all(query, handler, {"note": _note(reason)})

    async def pause(self, handler: str, /) -> None:
        known(self._registry, handler)
        await self._execute(PAUSE, {"handler": handler})

    async def resume(self, handler: str, /) -> None:
        if not await self._execute(RESUME, {"of_handler": handler}):
            known(self._registry, handler)
        self._notifier.notify()

    async def _execute(self, query: Statement, params: dict[str, Any]) -> int:
        async with self._database.transaction() as connection:
            hit = await connection.execute(query, params)
            await connection.commit()
        return hit

    async def _change(
        self,
        query: Statement,
        delivery_id: int,
        params: dict[str, Any],
        *,
        refusal: type[DeliveryNotDead | DeliveryNotWaiting],
    ) -> None:
        one = {"delivery_id": delivery_id}
        found = await self._database.fetch_one(STREAM, one)
        if found is None:
            raise DeliveryNotFound
        handler, stream = found["handler"], found["stream_id"]
        await free_in_pages(self._database, handler, stream)
        async with self._database.transaction() as connection:
            try:
                row = await connection.fetch_one(query, one | params)
            except IntegrityViolation:
                raise DeliverySuperseded from None
            if row is None:
                raise refusal
            await free(connection, handler, [stream])
            await connection.execute(
                deliveries.UNBLOCK_NEXT, {"of_handler": handler, "of_stream": stream}
            )
            await connection.commit()
        self._notifier.notify()

    async def _change_all(self, query: Statement, handler: str, params: dict[str, Any]) -> Changed:
        hit, after = 0, 0
        await free_in_pages(self._database, handler)
        while True:
            asked = params | {"of_handler": handler, "after": after}
            async with self._database.transaction() as connection:
                rows = await connection.fetch_all(query, asked)
                await free(connection, handler, list({row["stream_id"] for row in rows}))
                await connection.commit()
            if not rows:
                break
            hit, after = hit + len(rows), max(row["id"] for row in rows)
        await unblock_all(self._database, handler)
        self._notifier.notify()
        return Changed(hit)


def _note(reason: str) -> str:
    actor_id = current_work.get().actor_id
    return f"discarded by {actor_id}: {reason}" if actor_id else f"discarded: {reason}"


def known(registry: EventRegistry, handler: str) -> Handler:
    """Return the handler. Raises HandlerNotFound."""
    found = registry.handler(handler)
    if found is None:
        raise HandlerNotFound
    return found
