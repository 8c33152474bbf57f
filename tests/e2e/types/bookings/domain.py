"""The rules of bookings."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from app.core.exceptions import NotFound
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.events import DomainEvent
from app.shared.domain.value_objects import Money


class BookingNotFound(NotFound):
    code = "booking_not_found"
    message = "There is no such booking."


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra that is booked with the room."""

    name: str
    hours: Decimal
    price: Money


@dataclass(frozen=True, slots=True)
class BookingMade(DomainEvent):
    type: ClassVar = "booking.made"

    booking_id: UUID
    day: dt.date
    begins: dt.time
    length: dt.timedelta
    discount: Decimal
    price: Money
    reminders: list[dt.date]
    extras: list[Extra]


EVENTS: Final = (BookingMade,)


@dataclass(eq=False, kw_only=True, slots=True)
class Booking(AggregateRoot):
    aggregate_type: ClassVar = "booking"

    owner_id: UUID
    day: dt.date
    begins: dt.time
    length: dt.timedelta
    discount: Decimal
    price: Money
    reminders: list[dt.date] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)

    @property
    def total(self) -> Money:
        """Return the price of the room less the discount, plus all extras."""
        extras = (extra.price.times(extra.hours) for extra in self.extras)
        return sum(extras, self.price.times(1 - self.discount))

    def made(self) -> BookingMade:
        return BookingMade(
            self.id,
            self.day,
            self.begins,
            self.length,
            self.discount,
            self.price,
            self.reminders,
            self.extras,
        )
