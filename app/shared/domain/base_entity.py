"""Aggregates: objects with an identity and rules, which record events."""

import datetime as dt
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from uuid_utils.compat import uuid7

from app.shared.domain.events import DomainEvent


def new_id() -> UUID:
    """Return a new id: UUIDv7 (RFC 9562), so that rows are stored in the order of creation."""
    return uuid7()


@dataclass(eq=False, kw_only=True, slots=True)
class AggregateRoot:
    """An entity that is loaded, changed and saved as a whole, in one transaction.

    `version` counts its saves: 0 was never saved. Two objects with the same id are equal.
    """

    aggregate_type: ClassVar[str]

    id: UUID = field(default_factory=new_id)
    version: int = 0
    created_at: dt.datetime
    updated_at: dt.datetime
    _events: list[DomainEvent] = field(default_factory=list, init=False, repr=False)

    def record(self, event: DomainEvent) -> None:
        """Record an event, to be published with the change that caused it."""
        self._events.append(event)

    def pull_events(self) -> list[DomainEvent]:
        """Return the recorded events, and remove them."""
        events, self._events = self._events, []
        return events

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)
