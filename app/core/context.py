"""The identity of the current work: who it is for, and which request or event causes it."""

import datetime as dt
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from app.core.idempotency import IdempotentCall


@dataclass(slots=True)
class WorkContext:
    """The identity of one request or one delivery. Log lines and events carry it."""

    request_id: str = ""
    actor_id: UUID | None = None
    traceparent: str | None = None
    """The W3C context of the current span: what other services and events get."""
    span: "Span | None" = None
    """The current span, only if it is recorded."""
    caused_by: UUID | None = None
    """The id of the event whose handler runs."""
    caused_at: dt.datetime | None = None
    """The time of that event."""
    client: str = ""
    """The client's address."""
    root_path: str = ""
    """The path that the service has at its host; the URLs in answers begin with it."""
    headers: list[tuple[bytes, bytes]] | None = None
    """Headers that are added to the answer, whatever it is."""
    code: str | None = None
    """The code of the problem that the answer reports, if there is one."""
    is_logged: bool = True
    """Whether the access log gets a line for the request."""
    is_gone: Callable[[], bool] | None = field(default=None, compare=False, repr=False)
    """Returns whether the client has hung up. None if nobody waits for an answer."""
    idempotent_call: "IdempotentCall | None" = None
    """The idempotent call, if the request has an Idempotency-Key."""


current_work: ContextVar[WorkContext] = ContextVar("current_work", default=WorkContext())  # noqa: B039 - never written to outside a request


def ids_in(traceparent: str) -> dict[str, str]:
    """Return the ids of a W3C trace context."""
    return {"trace_id": traceparent[3:35], "span_id": traceparent[36:52]}
