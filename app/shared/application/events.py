"""The administration of deliveries: what it asks of the engine, and which errors it can have."""

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
    """It never was, or it was done and forgotten."""

    code = "delivery_not_found"
    message = "There is no such delivery."


class HandlerNotFound(NotFound):
    """Neither this code has it, nor is anything stored for it."""

    code = "handler_not_found"
    message = "There is no such handler."


class DeliveryNotDead(Conflict):
    """Only what was given up can be tried again."""

    code = "delivery_not_dead"
    message = "The delivery is neither dead nor without a handler nor discarded."


class DeliveryNotWaiting(Conflict):
    """What runs can't be stopped, what is done can't be undone."""

    code = "delivery_not_waiting"
    message = "The delivery is being run right now, or is done."


class HandlerWithoutEvents(Conflict):
    """A schedule is told of times, and those do not come again."""

    code = "handler_without_events"
    message = "The handler is a schedule: there are no events to give it."


class EventInspection(Protocol):
    """Looks at deliveries and handlers. Changes nothing."""

    async def page(self, query: DeliveryQuery, /) -> CursorPage[DeliveryView]:
        """Return a page of deliveries, newest first. Raises HandlerNotFound and InvalidCursor."""
        ...

    async def show(self, delivery_id: int, /) -> DeliveryDetail:
        """Return one with all that is known of it. Raises DeliveryNotFound."""
        ...

    async def handlers(self) -> list[HandlerView]:
        """Return the handlers of this code."""
        ...


class EventBacklog(Protocol):
    """Measures what is still to be done."""

    async def lag(self) -> list[LagView]:
        """Return what each handler has still to do."""
        ...

    async def streams(self) -> list[StreamView]:
        """Return the streams that are held up, the longest hundred of them."""
        ...


class DeliveryOperations(Protocol):
    """Changes what will be delivered. Whatever it lets go keeps the order of its stream."""

    async def retry(self, delivery_id: int, /) -> None:
        """Try again one that has ended. Raises DeliveryNotFound and DeliveryNotDead."""
        ...

    async def retry_all(self, handler: str, /) -> Changed:
        """Try again what is dead or had no handler. Raises HandlerNotFound."""
        ...

    async def discard(self, delivery_id: int, /, *, reason: str) -> None:
        """Give one up for good. Raises DeliveryNotFound, DeliveryNotWaiting.

        Only `retry` of this very one, or a replay that asks for discarded ones, brings it back.
        """
        ...

    async def discard_all(self, handler: str, /, *, reason: str) -> Changed:
        """Give up what is dead or had no handler; of one that is gone, all that waits.

        Raises HandlerNotFound.
        """
        ...

    async def pause(self, handler: str, /) -> None:
        """Let what a handler has to do wait, in all processes. Raises HandlerNotFound."""
        ...

    async def resume(self, handler: str, /) -> None:
        """Let it go on. Raises HandlerNotFound."""
        ...


class EventReplay(Protocol):
    """Delivers what was published before, each time at most once."""

    async def replay(
        self,
        handler: str,
        /,
        *,
        since: dt.datetime,
        until: dt.datetime | None,
        discarded: bool = False,
    ) -> Changed:
        """Give a handler the events of a time again, those that it was done with too.

        Those that somebody discarded stay so, unless they are asked for. Raises HandlerNotFound,
        HandlerWithoutEvents.
        """
        ...

    async def backfill(self, handler: str, /, *, since: dt.datetime) -> Changed:
        """Give a handler the events that it has no delivery of. Raises as `replay` does."""
        ...
