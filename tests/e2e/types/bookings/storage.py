"""Storage of bookings, and their pages."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Time,
    Uuid,
    bindparam,
    select,
)

from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.child_rows import ChildRows
from app.shared.infrastructure.database import models
from app.shared.infrastructure.database.column_types import Duration, ExactDecimal, ListOf
from app.shared.infrastructure.database.connection import Connection, Row
from app.shared.infrastructure.database.expressions import array_has
from app.shared.infrastructure.database.keyset import KeysetList
from app.shared.infrastructure.database.models import aggregate_columns
from app.shared.infrastructure.database.money import money_columns, money_of, money_values
from app.shared.infrastructure.database.statement import Statement
from app.shared.infrastructure.events.outbox.event_log import EventCollector
from app.shared.infrastructure.unit_of_work import SqlUnitOfWork
from tests.e2e.types.bookings.domain import Booking, BookingNotFound, Extra
from tests.e2e.types.bookings.views import BookingItem

# A module takes `metadata` of models. Only the tests have these tables, so no migration makes them.
metadata = MetaData(naming_convention=models.metadata.naming_convention)

booking = Table(
    "tested_booking",
    metadata,
    *aggregate_columns(),
    Column("owner_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("begins", Time, nullable=False),
    Column("length", Duration(), nullable=False),
    Column("discount", ExactDecimal(3), nullable=False),
    *money_columns("price"),
    Column("reminders", ListOf(Date()), nullable=False),
)
booking_extra = Table(
    "tested_booking_extra",
    metadata,
    Column("booking_id", ForeignKey("tested_booking.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False),
    Column("hours", ExactDecimal(2), nullable=False),
    *money_columns("price"),
)


def extra_to_row(extra: Extra) -> dict[str, Any]:
    return {"name": extra.name, "hours": extra.hours, **money_values("price", extra.price)}


def row_to_extra(row: Row) -> Extra:
    return Extra(row["name"], row["hours"], money_of(row, "price"))


_is_own = booking.c.owner_id == bindparam("owner_id")
GET = Statement(select(booking).where(_is_own, booking.c.id == bindparam("booking_id")))


class SqlBookingRepository(BaseRepository[Booking]):
    table: ClassVar = booking
    children: ClassVar = {
        "extras": ChildRows(booking_extra, to_row=extra_to_row, to_child=row_to_extra)
    }

    def to_row(self, aggregate: Booking) -> dict[str, Any]:
        return {
            "owner_id": aggregate.owner_id,
            "day": aggregate.day,
            "begins": aggregate.begins,
            "length": aggregate.length,
            "discount": aggregate.discount,
            "reminders": aggregate.reminders,
            **money_values("price", aggregate.price),
        }

    def to_aggregate(self, row: Row) -> Booking:
        names = ("owner_id", "day", "begins", "length", "discount", "reminders", "extras")
        values = {name: row[name] for name in names}
        return Booking(**self.identity(row), **values, price=money_of(row, "price"))

    async def get_for(self, owner_id: UUID, booking_id: UUID, /) -> Booking:
        found = await self._find(GET, owner_id=owner_id, booking_id=booking_id)
        if found is None:
            raise BookingNotFound
        return found


class SqlBookingUnitOfWork(SqlUnitOfWork):
    bookings: SqlBookingRepository

    def _build_repositories(self, connection: Connection, events: EventCollector) -> None:
        self.bookings = SqlBookingRepository(connection, events)


def row_to_item(row: Row) -> BookingItem:
    names = ("id", "day", "begins", "length", "discount", "reminders")
    return BookingItem(**{name: row[name] for name in names}, price=money_of(row, "price"))


c = booking.c
BOOKINGS = KeysetList(
    "bookings",
    select(booking).where(_is_own),
    unique=c.id,
    sorts={
        "day": [c.day, c.begins],
        "begins": [c.begins],
        "length": [c.length],
        "discount": [c.discount],
        "price": [c.price_currency, c.price_amount],
    },
    filters={
        "from_day": c.day >= bindparam("from_day"),
        "begins": c.begins == bindparam("begins"),
        "longest": c.length <= bindparam("longest"),
        "discount": c.discount == bindparam("discount"),
        "currency": c.price_currency == bindparam("currency"),
        "at_least": c.price_amount >= bindparam("at_least"),
        "days": c.day.in_(bindparam("days")),
        "reminder": array_has(c.reminders, bindparam("reminder")),
    },
    view=row_to_item,
)
