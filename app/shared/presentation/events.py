"""The admin API of the event engine: the same that `python -m app events` does."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from pydantic import Field

from app.core.cursors import InvalidCursor
from app.core.exceptions import ConcurrentUpdate
from app.core.routing import API, ApiRouter
from app.core.security import scope
from app.core.wire import Body, Digits, Length, Line, Parameters, Timestamp
from app.shared.application.dto import CursorPage
from app.shared.application.dto.events import (
    Changed,
    DeliveryDetail,
    DeliveryQuery,
    DeliveryStatus,
    DeliveryView,
    HandlerView,
    LagView,
    LaneView,
    Listing,
)
from app.shared.application.events import (
    DeliveryNotDead,
    DeliveryNotFound,
    DeliveryNotWaiting,
    EventBacklog,
    EventInspection,
    EventReplay,
    EventSteering,
    HandlerNotFound,
    HandlerWithoutEvents,
    ListDeliveries,
)

ADMIN = scope("event:admin")

HandlerId = Annotated[Line, Length(1, 100), Field(examples=["task.notify_owner"])]
DeliveryId = Annotated[int, Field(ge=1, le=10**18 - 1), Digits]


class DeliveryListParameters(Parameters):
    state: DeliveryStatus | None = None
    handler: HandlerId | None = None
    limit: Annotated[int, Field(ge=1, le=100), Digits] = 20
    cursor: Annotated[str | None, Field(min_length=1, max_length=500)] = None


class DiscardReason(Body):
    """Is kept with the delivery."""

    reason: Annotated[Line, Length(1, 200), Field(pattern=r"\S")]


class ReplayRange(Body):
    """By when the events were recorded; without `until` up to now.

    `discarded`: also those deliveries that somebody discarded.
    """

    since: Timestamp
    until: Timestamp | None = None
    discarded: bool = False


class BackfillStart(Body):
    since: Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class EventController:
    """Deliveries of events, and the handlers that they go to."""

    list_deliveries: ListDeliveries
    inspection: EventInspection
    backlog: EventBacklog
    steering: EventSteering
    replaying: EventReplay

    async def list(
        self, query: Annotated[DeliveryListParameters, Query()]
    ) -> CursorPage[DeliveryView]:
        """List deliveries, newest first; `state=dead` are those that somebody has to look at."""
        wanted = DeliveryQuery(state=query.state, handler=query.handler, size=query.limit)
        return await self.list_deliveries.execute(wanted, query.cursor)

    async def show(self, delivery_id: DeliveryId) -> DeliveryDetail:
        """Read a delivery: its event, the error of each attempt, and what waits for it."""
        return await self.inspection.show(delivery_id)

    async def retry(self, delivery_id: DeliveryId) -> DeliveryDetail:
        """Try again what is dead, parked or discarded, with all its attempts.

        What it blocked follows.
        """
        await self.steering.retry(delivery_id)
        return await self.inspection.show(delivery_id)

    async def discard(self, delivery_id: DeliveryId, body: DiscardReason) -> DeliveryDetail:
        """Give a delivery up for good: what it blocked goes on, and no replay brings it back."""
        await self.steering.discard(delivery_id, reason=body.reason)
        return await self.inspection.show(delivery_id)

    async def lag(self) -> Listing[LagView]:
        """List what each handler has still to do. `oldest_due` is in seconds."""
        return Listing(await self.backlog.lag())

    async def lanes(self) -> Listing[LaneView]:
        """List what is held up: the hundred longest lanes, and what each waits behind."""
        return Listing(await self.backlog.lanes())

    async def handlers(self) -> Listing[HandlerView]:
        """List the handlers, what each is told of, its policy, and since when it is paused."""
        return Listing(await self.inspection.handlers())

    async def retry_all(self, handler_id: HandlerId) -> Changed:
        """Try again all that is dead or parked of a handler."""
        return await self.steering.retry_all(handler_id)

    async def discard_all(self, handler_id: HandlerId, body: DiscardReason) -> Changed:
        """Give up all that is dead or parked of a handler; of one that is gone, all that waits."""
        return await self.steering.discard_all(handler_id, reason=body.reason)

    async def replay(self, handler_id: HandlerId, body: ReplayRange) -> Changed:
        """Give a handler the events of a time again, those that it was done with too.

        What somebody discarded stays so unless `discarded` is true; what is dead stays so.
        """
        return await self.replaying.replay(
            handler_id, since=body.since, until=body.until, discarded=body.discarded
        )

    async def backfill(self, handler_id: HandlerId, body: BackfillStart) -> Changed:
        """Give a handler that came later the events that it has no delivery of.

        What was done is forgotten after a day: do not reach back further than that with a handler
        that was there before, or it gets those events again.
        """
        return await self.replaying.backfill(handler_id, since=body.since)

    async def pause(self, handler_id: HandlerId) -> None:
        """Let all that a handler has to do wait, in every process, until it resumes."""
        await self.steering.pause(handler_id)

    async def resume(self, handler_id: HandlerId) -> None:
        """Let a paused handler go on where it stopped."""
        await self.steering.resume(handler_id)


# None of them takes an Idempotency-Key: they work in several transactions, or change nothing the
# second time. After a lost answer, look at the deliveries.
def event_routes(events: EventController) -> ApiRouter:
    router = ApiRouter(f"{API}/admin/events", tags=["events"])
    router.get("", events.list, access=ADMIN, raises=[InvalidCursor, HandlerNotFound])
    router.get("/lag", events.lag, access=ADMIN)
    router.get("/lanes", events.lanes, access=ADMIN)
    router.get("/handlers", events.handlers, access=ADMIN)
    _handler_routes(router, events)
    one = "/{delivery_id}"
    router.get(one, events.show, access=ADMIN, raises=[DeliveryNotFound])
    router.post(
        f"{one}/retry",
        events.retry,
        access=ADMIN,
        replayable=False,
        raises=[DeliveryNotFound, DeliveryNotDead],
    )
    router.post(
        f"{one}/discard",
        events.discard,
        access=ADMIN,
        replayable=False,
        raises=[DeliveryNotFound, DeliveryNotWaiting],
    )
    return router


def _handler_routes(router: ApiRouter, events: EventController) -> None:
    one = "/handlers/{handler_id}"
    absent = [HandlerNotFound]
    router.post(f"{one}/retry", events.retry_all, access=ADMIN, replayable=False, raises=absent)
    router.post(f"{one}/discard", events.discard_all, access=ADMIN, replayable=False, raises=absent)
    router.post(
        f"{one}/pause", events.pause, access=ADMIN, replayable=False, status_code=204, raises=absent
    )
    router.post(
        f"{one}/resume",
        events.resume,
        access=ADMIN,
        replayable=False,
        status_code=204,
        raises=absent,
    )
    playing = [HandlerNotFound, HandlerWithoutEvents, ConcurrentUpdate]
    router.post(f"{one}/replay", events.replay, access=ADMIN, replayable=False, raises=playing)
    router.post(f"{one}/backfill", events.backfill, access=ADMIN, replayable=False, raises=playing)
