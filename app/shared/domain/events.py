"""Events that a module publishes."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from app.core.events import TICK


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """A fact about an aggregate, named in the past tense and in terms of the business.

    The fields are its payload: ids and plain values. `type` is its stable name, such as
    `invoice.sent`, and never changes. `schema_version` grows when the payload changes its shape.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class ScheduleTick(DomainEvent):
    """A time of a schedule; its handler is called with it.

    `late_by` is how long after `due_at` it was published.
    """

    type: ClassVar = TICK

    schedule: str
    due_at: dt.datetime
    late_by: dt.timedelta = dt.timedelta()
