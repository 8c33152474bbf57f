"""Composition of the module, and of the service with it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.container import ApplicationContainer
from app.core.cursors import Cursors
from app.core.events import EventRegistry, subscribe
from app.shared.application.base_usecase import Clock
from app.shared.application.seed import DemoData
from app.shared.container import module
from app.shared.domain.value_objects import Money
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer
from tests.e2e.types.bookings.domain import EVENTS, Booking, BookingMade, BookingNotFound, Extra
from tests.e2e.types.bookings.storage import SqlBookingUnitOfWork
from tests.e2e.types.bookings.web import BookingController, booking_routes


@dataclass
class Calendar:
    """Records the calls of the handler."""

    events: list[BookingMade] = field(default_factory=list)


@subscribe(BookingMade, id="booking.note_in_calendar")
@dataclass(frozen=True)
class WhenBookingMadeNoteItInTheCalendar:
    calendar: Calendar

    async def __call__(self, event: BookingMade, _uow: SqlBookingUnitOfWork) -> None:
        self.calendar.events.append(event)


@dataclass(frozen=True, slots=True)
class SeedBookings:
    """Books the room once for each demo user."""

    uow: Callable[[], SqlBookingUnitOfWork]

    async def __call__(self, demo: DemoData, /) -> str:
        added = 0
        now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        for owner_id in demo.user_ids:
            booking = Booking(
                id=uuid5(NAMESPACE_URL, f"{owner_id}/booking"),
                owner_id=owner_id,
                created_at=now,
                updated_at=now,
                day=dt.date(2026, 1, 31),
                begins=dt.time(9, 30),
                length=dt.timedelta(hours=1, minutes=30),
                discount=Decimal("0.125"),
                price=Money(Decimal("99.90"), "EUR"),
                reminders=[dt.date(2026, 1, 30)],
                extras=[Extra("Projector", Decimal("1.5"), Money(Decimal(10), "EUR"))],
            )
            async with self.uow() as uow:
                try:
                    await uow.bookings.get_for(owner_id, booking.id)
                except BookingNotFound:
                    await uow.bookings.save(booking)
                    await uow.commit()
                    added += 1
        return f"Added {added} bookings."


class BookingContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()
    cursors: Dependency[Cursors] = Dependency(instance_of=Cursors)

    uow: Factory[SqlBookingUnitOfWork] = Factory(
        SqlBookingUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    calendar: Singleton[Calendar] = Singleton(Calendar)
    controller: Singleton[BookingController] = Singleton(
        BookingController, uow=uow.provider, database=database, cursors=cursors, clock=clock
    )

    routers = List(Singleton(booking_routes, controller))
    events = Object(EVENTS)
    handlers = List(Singleton(WhenBookingMadeNoteItInTheCalendar, calendar))
    seeds = List(Singleton(SeedBookings, uow.provider))


class WithBookings(ApplicationContainer):
    booking = module(BookingContainer)
