"""The fields of a dataclass are columns by their names and types, or the class is refused."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, String, Table

from app.shared.application.dto import BaseResponse, view_of
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.value_objects import EmailAddress, Money
from app.shared.infrastructure.base_repository import BaseRepository
from app.shared.infrastructure.database.models import aggregate_columns
from app.shared.infrastructure.database.row_mapping import RowMapping
from tests.support.moments import CREATED

EMAIL = EmailAddress("ana@example.com")
PRICE = Money(Decimal("12.50"), "EUR")


class Colour(StrEnum):
    WHITE = "white"


@dataclass
class Thing:
    name: str
    made_on: dt.date
    colour: Colour
    email: EmailAddress
    price: Money
    other_colour: Colour | None = None
    other_email: EmailAddress | None = None
    discount: Money | None = None
    parts: list[str] = field(default_factory=list)


MAPPING = RowMapping(Thing, without={"parts"})
ROW = {
    "name": "chair",
    "made_on": dt.date(2026, 1, 31),
    "colour": "white",
    "email": "ana@example.com",
    "price_amount": Decimal("12.50"),
    "price_currency": "EUR",
    "other_colour": None,
    "other_email": None,
    "discount_amount": None,
    "discount_currency": None,
}


def a_thing(**fields: Any) -> Thing:
    return Thing("chair", dt.date(2026, 1, 31), Colour.WHITE, EMAIL, PRICE, **fields)


def test_an_object_becomes_a_row_and_a_row_the_object() -> None:
    assert MAPPING.to_row(a_thing(parts=["leg"])) == ROW
    assert MAPPING.of_row(ROW, parts=["leg"]) == a_thing(parts=["leg"])
    assert set(ROW) == MAPPING.columns


def test_optional_fields_with_values_come_back() -> None:
    thing = a_thing(other_colour=Colour.WHITE, other_email=EMAIL, discount=PRICE)
    row = MAPPING.to_row(thing)
    assert (row["other_colour"], row["other_email"]) == ("white", "ana@example.com")
    assert MAPPING.of_row(row) == thing


def test_an_enum_comes_back_as_a_member() -> None:
    assert MAPPING.of_row(ROW).colour is Colour.WHITE


def test_a_value_object_of_several_fields_is_refused() -> None:
    @dataclass
    class Wardrobe:
        thing: Thing

    with pytest.raises(TypeError, match=r"^Wardrobe.thing: no column holds a .*Thing"):
        RowMapping(Wardrobe)


# --- Repositories -------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Chair(AggregateRoot):
    aggregate_type = "chair"

    name: str


def a_table(*columns: str) -> Table:
    own = [Column(name, String(20), nullable=False) for name in columns]
    return Table("chair", MetaData(), *aggregate_columns(), *own)


def test_a_repository_without_conversions_maps_its_aggregate_by_name() -> None:
    class ChairRepository(BaseRepository[Chair]):
        table = a_table("name")

    chair = Chair(name="Ana", created_at=CREATED, updated_at=CREATED)
    repository = ChairRepository(None, None)  # type: ignore[arg-type]  # it reads nothing
    row = {**repository.to_row(chair), **{name: getattr(chair, name) for name in IDENTITY}}
    assert row["name"] == "Ana"
    assert repository.to_aggregate(row) == chair


IDENTITY = ("id", "version", "created_at", "updated_at")


@pytest.mark.parametrize("columns", [(), ("name", "colour")])
def test_a_field_without_a_column_or_a_column_without_a_field_is_refused(
    columns: tuple[str, ...],
) -> None:
    alone = "colour" if columns else "name"
    told = rf"^ChairRepository: .*'chair'.* Chair do not both have {alone}; give"
    with pytest.raises(TypeError, match=told):

        class ChairRepository(BaseRepository[Chair]):
            table = a_table(*columns)


# --- Views --------------------------------------------------------------------------------------


@dataclass
class ThingView(BaseResponse):
    name: str
    email: str
    price: Money
    colour: Colour


@dataclass(kw_only=True)
class StoredThing(AggregateRoot):
    aggregate_type = "thing"

    name: str
    email: EmailAddress
    price: Money
    colour: Colour
    secret: str = "hidden"


def test_a_view_shows_the_fields_that_it_names() -> None:
    thing = StoredThing(
        name="chair",
        email=EMAIL,
        price=PRICE,
        colour=Colour.WHITE,
        created_at=CREATED,
        updated_at=CREATED,
    )
    view = view_of(ThingView, thing)
    assert view == ThingView(
        thing.id, 0, CREATED, CREATED, "chair", "ana@example.com", PRICE, Colour.WHITE
    )
