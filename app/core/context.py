"""Who and what the work at hand belongs to: carried along, never passed by hand."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(slots=True)
class WorkContext:
    """One request's, or one job's, identity. Log lines and events carry it."""

    request_id: str = ""
    actor_id: UUID | None = None
    traceparent: str | None = None


current_work: ContextVar[WorkContext] = ContextVar("current_work", default=WorkContext())  # noqa: B039 - never written to outside a request
