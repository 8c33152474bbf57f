"""Who and what the work at hand belongs to: carried along, never passed by hand."""

import datetime as dt
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from app.core.idempotency import IdempotentCall


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
    client: str = ""
    """The address that the request came from."""
    root_path: str = ""
    """What the service lies below at its host; begins the paths that an answer names."""
    headers: list[tuple[bytes, bytes]] | None = None
    """What the answer is to say besides, whatever it will be."""
    code: str | None = None
    """What the answer says went wrong, if something did."""
    is_logged: bool = True
    """Whether the request is worth a line of the access log."""
    idempotent_call: "IdempotentCall | None" = None
    """The call that must have its effect once, if the request is one."""


current_work: ContextVar[WorkContext] = ContextVar("current_work", default=WorkContext())  # noqa: B039 - never written to outside a request
