"""A handler gets the same values that were published, of every type."""

import datetime as dt
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.events import EventRegistry
from app.core.http import strict_json
from app.core.json_forms import NoForm
from app.shared.domain.currencies import PLACES
from app.shared.domain.events import DomainEvent
from app.shared.domain.value_objects import EmailAddress, Money
from app.shared.infrastructure.events.outbox.catalogue import schemas
from app.shared.infrastructure.events.outbox.decoding import Undecodable, decoded


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    price: Money


@dataclass(frozen=True, slots=True)
class InvoiceSent(DomainEvent):
    type: ClassVar = "invoice.sent"

    id: UUID
    total: Money
    rate: Decimal
    due: dt.date
    at: dt.time
    sent_at: dt.datetime
    patience: dt.timedelta
    colour: Colour
    kind: Literal["a", "b"]
    lines: list[Line]
    days: list[dt.date]
    rates: tuple[Decimal, ...]
    by_name: dict[str, Decimal]
    discount: Money | None = None


money = st.sampled_from(["EUR", "JPY", "BHD", "CLF", "BGN"]).flatmap(
    lambda code: st.builds(
        Money, st.decimals(-(10**13), 10**13, places=PLACES[code]), st.just(code)
    )
)
finite = st.decimals(allow_nan=False, allow_infinity=False, places=12)
durations = st.timedeltas(dt.timedelta(days=-99_999_999), dt.timedelta(days=99_999_999))
events = st.builds(
    InvoiceSent,
    total=money,
    rate=finite,
    sent_at=st.datetimes(dt.datetime(1970, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - strategy's own
    patience=durations,
    lines=st.lists(st.builds(Line, st.text(st.characters(codec="utf-8")), money), max_size=3),
    rates=st.lists(finite, max_size=3).map(tuple),
    by_name=st.dictionaries(st.sampled_from("abc"), finite),
    discount=st.none() | money,
)


@pytest.fixture(scope="module")
def registry() -> EventRegistry:
    registry = EventRegistry()
    registry.publish([InvoiceSent])
    return registry


def stored(event: DomainEvent) -> dict[str, Any]:
    payload = {field.name: getattr(event, field.name) for field in fields(event)}
    return {
        "event_type": event.type,
        "schema_version": event.schema_version,
        "payload": orjson.loads(strict_json.encode(payload, has_times=True)),
    }


@given(event=events)
def test_an_event_is_read_as_it_was_published(registry: EventRegistry, event: InvoiceSent) -> None:
    found = decoded(registry, stored(event))
    assert found == event
    assert stored(found) == stored(event)  # equal values must also have the same number of decimals


def test_a_stored_value_that_is_none_any_more_is_a_dead_letter(registry: EventRegistry) -> None:
    row = stored(_an_event())
    row["payload"]["total"]["currency"] = "???"
    with pytest.raises(Undecodable):
        decoded(registry, row)


def test_the_schema_of_an_event_says_the_forms(registry: EventRegistry) -> None:
    schema = schemas(registry)["invoice.sent"]["1"]
    properties = schema["properties"]
    assert properties["rate"]["format"] == "decimal"
    assert properties["due"]["format"] == "date"
    assert properties["at"]["format"] == "time-local"
    assert properties["patience"]["format"] == "duration"
    assert schema["$defs"]["Money"]["properties"]["amount"]["format"] == "decimal"
    assert "discount" not in schema["required"]


@dataclass(frozen=True, slots=True)
class InvoiceTagged(DomainEvent):
    type: ClassVar = "invoice.tagged"

    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class InvoiceNamed(DomainEvent):
    type: ClassVar = "invoice.named"

    name: EmailAddress
    day: dt.date | str


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            InvoiceTagged,
            "InvoiceTagged.tags: frozenset[str] has no form in JSON: it has no order; use list.",
        ),
        (
            InvoiceNamed,
            "InvoiceNamed.day: JSON writes date and str as strings that look alike; use one type.",
        ),
    ],
)
def test_an_event_that_json_can_not_hold_stops_the_start(kind: Any, sentence: str) -> None:
    with pytest.raises(NoForm) as refusal:
        EventRegistry().publish([kind])
    assert str(refusal.value) == f"the event {kind.type}: {sentence}"


def _an_event() -> InvoiceSent:
    return InvoiceSent(
        id=UUID(int=1),
        total=Money(Decimal(5), "EUR"),
        rate=Decimal("0.19"),
        due=dt.date(2026, 1, 31),
        at=dt.time(9, 30),
        sent_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        patience=dt.timedelta(days=14),
        colour=Colour.RED,
        kind="a",
        lines=[],
        days=[],
        rates=(),
        by_name={},
    )
