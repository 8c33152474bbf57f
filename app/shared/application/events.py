"""The administration of deliveries: its interfaces to the engine, and its errors."""

import datetime as dt
from typing import Protocol

from app.core.exceptions import Conflict, NotFound
from app.shared.application.dto import CursorPage
from app.shared.application.dto.events import (
    Changed,
    DeliveryDetail,
    DeliveryQuery,
    DeliveryView,
    HandlerView,
    LagView,
    StreamView,
)


class DeliveryNotFound(NotFound):
    """The delivery never existed, or was finished and deleted."""

    code = "delivery_not_found"
    message = "There is no such delivery."


class HandlerNotFound(NotFound):
    """The handler is neither in this code nor in the stored deliveries."""

    code = "handler_not_found"
    message = "There is no such handler."


class DeliveryNotDead(Conflict):
    """Only a delivery that ended without success can be retried."""

    code = "delivery_not_dead"
    message = "The delivery is not dead, not discarded, and has a handler."


class DeliveryNotWaiting(Conflict):
    """A running delivery cannot be stopped, and a finished one cannot be undone."""

    code = "delivery_not_waiting"
    message = "The delivery is running or done."


class DeliverySuperseded(Conflict):
    """Only one job with a key may wait, and a newer one already waits."""

    code = "delivery_superseded"
    message = "A newer job with its key waits; that one runs instead."


class HandlerWithoutEvents(Conflict):
    """A schedule has ticks and a job is enqueued, so neither can be replayed."""

    code = "handler_without_events"
    message = "The handler is for a schedule or a job, which have no events."


class EventInspection(Protocol):
    """Reads deliveries and handlers, and changes nothing."""

    async def page(self, query: DeliveryQuery, /) -> CursorPage[DeliveryView]:
        """Return a page of deliveries, newest first. Raises HandlerNotFound and InvalidCursor."""
        ...

    async def show(self, delivery_id: int, /) -> DeliveryDetail:
        """Return one delivery with all details. Raises DeliveryNotFound."""
        ...

    async def handlers(self) -> list[HandlerView]:
        """Return the handlers of this code."""
        ...


class EventBacklog(Protocol):
    """Measures the remaining work."""

    async def lag(self) -> list[LagView]:
        """Return the remaining deliveries of each handler."""
        ...

    async def streams(self) -> list[StreamView]:
        """Return the hundred longest blocked streams."""
        ...


class DeliveryOperations(Protocol):
    """Changes what will be delivered. The order of each stream is kept."""

    async def retry(self, delivery_id: int, /) -> None:
        """Retry a delivery that has ended.

        Raises DeliveryNotFound, DeliveryNotDead and DeliverySuperseded.
        """
        ...

    async def retry_all(self, handler: str, /) -> Changed:
        """Retry all deliveries that are dead or without a handler. Raises HandlerNotFound."""
        ...

    async def discard(self, delivery_id: int, /, *, reason: str) -> None:
        """Discard a delivery for good. Raises DeliveryNotFound, DeliveryNotWaiting.

        Only `retry` of this delivery, or a replay that includes discarded ones, brings it back.
        """
        ...

    async def discard_all(self, handler: str, /, *, reason: str) -> Changed:
        """Discard deliveries that are dead or without a handler; all waiting if it was removed.

        Raises HandlerNotFound.
        """
        ...

    async def pause(self, handler: str, /) -> None:
        """Pause a handler in all processes. Raises HandlerNotFound."""
        ...

    async def resume(self, handler: str, /) -> None:
        """Resume a paused handler. Raises HandlerNotFound."""
        ...


class EventReplay(Protocol):
    """Delivers past events, each delivery at most once."""

    async def replay(
        self,
        handler: str,
        /,
        *,
        since: dt.datetime,
        until: dt.datetime | None,
        discarded: bool = False,
    ) -> Changed:
        """Deliver the events of a period to a handler again, including those that it handled.

        Discarded deliveries stay discarded unless they are included. Raises HandlerNotFound,
        HandlerWithoutEvents.
        """
        ...

    async def backfill(self, handler: str, /, *, since: dt.datetime) -> Changed:
        """Deliver past events for which the handler has no delivery. Raises as `replay` does."""
        ...
