"""The answers about bookings."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from app.shared.application.dto import BaseResponse
from app.shared.domain.value_objects import Money
from tests.e2e.types.bookings.domain import Booking, Extra


@dataclass
class BookingView(BaseResponse):
    day: dt.date
    begins: dt.time
    length: dt.timedelta
    discount: Decimal
    price: Money
    reminders: list[dt.date]
    extras: list[Extra]
    total: Money

    @classmethod
    def of(cls, booking: Booking) -> "BookingView":
        return cls(**{name: getattr(booking, name) for name in cls.__dataclass_fields__})


@dataclass
class BookingItem:
    id: UUID
    day: dt.date
    begins: dt.time
    length: dt.timedelta
    discount: Decimal
    price: Money
    reminders: list[dt.date]
