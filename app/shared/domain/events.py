"""Facts that a module publishes."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from app.core.events import TICK


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something that happened to an aggregate, in the past tense and in the business's words.

    The fields are its payload: ids and plain values. `type` is its stable name, such as
    `invoice.sent`, and never changes; `schema_version` grows when the payload changes shape.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ScheduleTick(DomainEvent):
    """It is time: what a schedule's handler is called with.

    `late_by` is how long after `due_at` it was published.
    """

    type: ClassVar = TICK

    schedule: str
    due_at: dt.datetime
    late_by: dt.timedelta = dt.timedelta()
