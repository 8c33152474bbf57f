"""Bookings over HTTP. The controller does what a use case would do."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from app.core.cursors import Cursors, InvalidCursor
from app.core.http.parameters import CurrentActor
from app.core.http.routing import API, ApiRouter
from app.core.http.schema_types import Body, Id, Length, Line
from app.core.http.schema_values import Date, Duration, Scale, Time
from app.core.security import AUTHENTICATED
from app.shared.application.base_usecase import Clock
from app.shared.application.dto import CursorPage
from app.shared.domain.value_objects import Money
from app.shared.infrastructure.database.connection import Database
from app.shared.presentation.money import Currency, MoneyRange
from app.shared.presentation.pages import PageParameters
from tests.e2e.types.bookings.domain import Booking, BookingNotFound, Extra
from tests.e2e.types.bookings.storage import BOOKINGS, SqlBookingUnitOfWork
from tests.e2e.types.bookings.views import BookingItem, BookingView

Price = Annotated[Money, MoneyRange(least=0, currencies=("EUR", "JPY"))]
Fraction = Annotated[Decimal, Scale(3, least=0, most=1)]
Hours = Annotated[Decimal, Scale(2, digits=5, least=0)]
Reminders = Annotated[list[Date], Field(max_length=3)]


class ExtraDraft(Body):
    name: Annotated[Line, Length(1, 100)]
    hours: Hours
    price: Price


class BookingDraft(Body):
    day: Date
    begins: Time
    length: Duration
    discount: Fraction = Decimal(0)
    price: Price
    reminders: Reminders = Field(default_factory=list)
    extras: Annotated[list[ExtraDraft], Field(max_length=10)] = Field(default_factory=list)


class BookingListParameters(PageParameters):
    from_day: Date | None = None
    begins: Time | None = None
    longest: Duration | None = None
    discount: Fraction | None = None
    currency: Currency | None = None
    at_least: Annotated[Decimal, Scale(2)] | None = None
    days: list[Date] | None = None
    reminder: Date | None = None
    sort: Literal["day", "-day", "begins", "length", "-discount", "price", "-price"] = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingController:
    uow: Callable[[], SqlBookingUnitOfWork]
    database: Database
    cursors: Cursors
    clock: Clock

    async def create(self, actor: CurrentActor, body: BookingDraft) -> BookingView:
        """Book the room."""
        now = self.clock.now()
        fields = {**dict(body), "extras": [Extra(**dict(extra)) for extra in body.extras]}
        booking = Booking(owner_id=actor.user_id, created_at=now, updated_at=now, **fields)
        booking.record(booking.made())
        async with self.uow() as uow:
            await uow.bookings.save(booking)
            await uow.commit()
        return BookingView.of(booking)

    async def get(self, booking_id: Id, actor: CurrentActor) -> BookingView:
        """Get a booking of your own."""
        async with self.uow() as uow:
            return BookingView.of(await uow.bookings.get_for(actor.user_id, booking_id))

    async def list(
        self, actor: CurrentActor, query: Annotated[BookingListParameters, Query()]
    ) -> CursorPage[BookingItem]:
        """List your bookings."""
        filters = {name: getattr(query, name) for name in BOOKINGS.filters}
        own = {"owner_id": actor.user_id}
        return await BOOKINGS.page(self.database, self.cursors, query.page(), own, filters)


def booking_routes(bookings: BookingController) -> ApiRouter:
    router = ApiRouter(f"{API}/bookings", tags=["bookings"], description="Bookings of a room.")
    created_at = f"{API}/bookings/{{id}}"
    router.post("", bookings.create, access=AUTHENTICATED, status_code=201, created_at=created_at)
    router.get("", bookings.list, access=AUTHENTICATED, raises=[InvalidCursor])
    router.get("/{booking_id}", bookings.get, access=AUTHENTICATED, raises=[BookingNotFound])
    return router
