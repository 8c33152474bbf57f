"""What administrators see of events, their deliveries and their handlers."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.shared.application.dto import PageRequest

Item = TypeVar("Item")


class DeliveryStatus(StrEnum):
    """The state of a delivery."""

    READY = "ready"
    CLAIMED = "claimed"
    DEAD = "dead"
    DONE = "done"
    BLOCKED = "blocked"
    NO_HANDLER = "no_handler"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """A page of deliveries, newest first. `before`: only those with a smaller id."""

    state: DeliveryStatus | None = None
    handler: str | None = None
    only_jobs: bool = False
    before: int | None = None
    page: PageRequest = field(default_factory=PageRequest)


@dataclass
class Listing(Generic[Item]):
    """A short list, complete."""

    items: list[Item]


@dataclass
class Changed:
    """How many deliveries an action changed."""

    deliveries: int


@dataclass
class DeliveryView:
    """One event for one handler."""

    id: int
    event_id: UUID
    event_type: str
    aggregate_id: UUID
    aggregate_version: int
    handler: str
    state: DeliveryStatus
    attempts: int
    max_attempts: int
    due_at: dt.datetime
    done_at: dt.datetime | None
    last_error: str | None


@dataclass
class EventView:
    """An event as it was published."""

    id: UUID
    type: str
    schema_version: int
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    actor_id: UUID | None
    request_id: str | None
    caused_by: UUID | None
    data: dict[str, Any]


@dataclass
class AttemptView:
    """A failed attempt. After a retry the numbers begin at one again."""

    attempt: int
    ended_at: dt.datetime
    worker_id: str
    error_class: str
    error: str
    traceback: str


@dataclass
class DeliveryDetail:
    """A delivery with its event, the errors of its attempts, and the deliveries that wait for it.

    `blocks` counts the later deliveries of its stream; `first_blocked` are the first of these.
    """

    delivery: DeliveryView
    event: EventView
    attempts: list[AttemptView]
    blocks: int
    first_blocked: list[DeliveryView]


@dataclass
class HandlerView:
    """A handler as this code declares it, for events or for a schedule. Times are in seconds.

    `concurrency` is the limit of its runs at once: in each process, or over all if `is_everywhere`.
    """

    id: str
    events: list[str]
    schedule: str | None
    transactional: bool
    on_dead: str
    max_attempts: int
    timeout: float
    queue: str
    priority: str
    concurrency: int | None
    is_everywhere: bool
    rate: str | None
    paused_at: dt.datetime | None


@dataclass
class LagView:
    """The remaining deliveries of a handler. What is held waits behind a dead one of its stream.

    `oldest_due` is for how many seconds the oldest ready delivery has been due. An unknown handler
    is not in this code: its deliveries have the state `no_handler`, and it has no queue.
    """

    handler: str
    is_known: bool
    queue: str | None = None
    ready: int = 0
    claimed: int = 0
    blocked: int = 0
    held: int = 0
    blocked_streams: int = 0
    dead: int = 0
    no_handler: int = 0
    oldest_due: float | None = None


@dataclass
class StreamView:
    """A blocked stream: the number of deliveries of one aggregate that wait for `behind`."""

    handler: str
    aggregate_type: str
    aggregate_id: UUID
    waiting: int
    behind: int
    behind_state: DeliveryStatus
    last_error: str | None
