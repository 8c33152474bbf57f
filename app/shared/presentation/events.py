"""The admin API of the event engine: the same as `python -m app events`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from pydantic import Field

from app.core.cursors import InvalidCursor
from app.core.exceptions import ConcurrentUpdate
from app.core.http.routing import API, ApiRouter
from app.core.http.schema_types import Body, Digits, Length, Line, Timestamp
from app.core.security import scope
from app.shared.application.dto import CursorPage
from app.shared.application.dto.events import (
    Changed,
    DeliveryDetail,
    DeliveryQuery,
    DeliveryStatus,
    DeliveryView,
    HandlerView,
    LagView,
    Listing,
    StreamView,
)
from app.shared.application.events import (
    DeliveryNotDead,
    DeliveryNotFound,
    DeliveryNotWaiting,
    DeliveryOperations,
    DeliverySuperseded,
    EventBacklog,
    EventInspection,
    EventReplay,
    HandlerNotFound,
    HandlerWithoutEvents,
)
from app.shared.presentation.pages import PageParameters

ADMIN = scope("event:admin")

HandlerId = Annotated[Line, Length(1, 100), Field(examples=["invoice.notify_owner"])]
DeliveryId = Annotated[int, Field(ge=1, le=10**18 - 1), Digits]


class DeliveryListParameters(PageParameters):
    state: DeliveryStatus | None = None
    handler: HandlerId | None = None


class DiscardReason(Body):
    """The reason, which is stored with the delivery."""

    reason: Annotated[Line, Length(1, 200), Field(pattern=r"\S")]


class ReplayRange(Body):
    """The period in which the events were recorded; without `until` up to now.

    With `discarded`, discarded deliveries too.
    """

    since: Timestamp
    until: Timestamp | None = None
    discarded: bool = False


class BackfillStart(Body):
    since: Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class EventController:
    """Deliveries of events, and their handlers."""

    inspection: EventInspection
    backlog: EventBacklog
    operations: DeliveryOperations
    replaying: EventReplay

    async def list(
        self, query: Annotated[DeliveryListParameters, Query()]
    ) -> CursorPage[DeliveryView]:
        """List deliveries, newest first.

        Those with `state=dead` need a person's attention.
        """
        wanted = DeliveryQuery(state=query.state, handler=query.handler, page=query.page())
        return await self.inspection.page(wanted)

    async def get(self, delivery_id: DeliveryId) -> DeliveryDetail:
        """Get a delivery: its event, the error of each attempt, and what waits for it."""
        return await self.inspection.show(delivery_id)

    async def retry(self, delivery_id: DeliveryId) -> DeliveryDetail:
        """Retry a delivery that is dead, without a handler or discarded.

        It has all its attempts again. The deliveries that it blocked follow it.
        """
        await self.operations.retry(delivery_id)
        return await self.inspection.show(delivery_id)

    async def discard(self, delivery_id: DeliveryId, body: DiscardReason) -> DeliveryDetail:
        """Discard a delivery for good.

        The deliveries that it blocked go on, and no replay brings it back.
        """
        await self.operations.discard(delivery_id, reason=body.reason)
        return await self.inspection.show(delivery_id)

    async def list_lag(self) -> Listing[LagView]:
        """List what each handler has still to do.

        `oldest_due` is in seconds.
        """
        return Listing(await self.backlog.lag())

    async def list_streams(self) -> Listing[StreamView]:
        """List the streams that are blocked: the hundred longest, and what each waits for."""
        return Listing(await self.backlog.streams())

    async def list_handlers(self) -> Listing[HandlerView]:
        """List the handlers.

        Each with the event that it handles, its policy, and since when it is paused.
        """
        return Listing(await self.inspection.handlers())

    async def retry_all(self, handler_id: HandlerId) -> Changed:
        """Retry all deliveries of a handler that are dead or without a handler."""
        return await self.operations.retry_all(handler_id)

    async def discard_all(self, handler_id: HandlerId, body: DiscardReason) -> Changed:
        """Discard all deliveries of a handler that are dead or without a handler.

        If the handler no longer exists, all its waiting deliveries are discarded.
        """
        return await self.operations.discard_all(handler_id, reason=body.reason)

    async def replay(self, handler_id: HandlerId, body: ReplayRange) -> Changed:
        """Replay the events of a period to a handler, also those that it has handled.

        Discarded deliveries stay discarded unless `discarded` is true. Dead ones stay dead.
        """
        return await self.replaying.replay(
            handler_id, since=body.since, until=body.until, discarded=body.discarded
        )

    async def backfill(self, handler_id: HandlerId, body: BackfillStart) -> Changed:
        """Backfill a new handler with the events that it has no delivery of.

        The service keeps finished deliveries for a day. For a handler that existed before, do not
        go back further than that, or it gets those events again.
        """
        return await self.replaying.backfill(handler_id, since=body.since)

    async def pause(self, handler_id: HandlerId) -> None:
        """Pause a handler.

        Its deliveries wait, in every process, until it resumes.
        """
        await self.operations.pause(handler_id)

    async def resume(self, handler_id: HandlerId) -> None:
        """Resume a paused handler, where it stopped."""
        await self.operations.resume(handler_id)


# None of them takes an Idempotency-Key: they use several transactions, or have no effect the second
# time. After a lost answer, look at the deliveries.
def event_routes(events: EventController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/admin/events",
        tags=["events"],
        description="For administrators: the deliveries of events to their handlers.",
    )
    router.get("", events.list, access=ADMIN, raises=[InvalidCursor, HandlerNotFound])
    router.get("/lag", events.list_lag, access=ADMIN)
    router.get("/streams", events.list_streams, access=ADMIN)
    router.get("/handlers", events.list_handlers, access=ADMIN)
    _handler_routes(router, events)
    one = "/{delivery_id}"
    router.get(one, events.get, access=ADMIN, raises=[DeliveryNotFound])
    router.post(
        f"{one}/retry",
        events.retry,
        access=ADMIN,
        replayable=False,
        raises=[DeliveryNotFound, DeliveryNotDead, DeliverySuperseded],
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
