"""Who and what the work at hand belongs to: carried along, never passed by hand."""

import datetime as dt
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(slots=True)
class WorkContext:
    """One request's, or one delivery's, identity. Log lines and events carry it."""

    request_id: str = ""
    actor_id: UUID | None = None
    traceparent: str | None = None
    caused_by: UUID | None = None
    """The event whose handler is at work."""
    caused_at: dt.datetime | None = None
    """When that event happened."""


current_work: ContextVar[WorkContext] = ContextVar("current_work", default=WorkContext())  # noqa: B039 - never written to outside a request
