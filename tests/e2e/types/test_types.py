"""Each type passes through the whole service unchanged: nothing is rounded or cut off."""

import datetime as dt
from decimal import Decimal
from typing import Any, Final

import httpx2
import pytest

from app.core.http.service import Service
from app.shared.composition import seeded
from app.shared.domain.value_objects import Money
from tests.e2e.types.bookings.container import WithBookings
from tests.e2e.types.bookings.domain import BookingMade, Extra
from tests.support.people import Person
from tests.support.published import Published
from tests.support.scenario import Drain

DRAFT: Final = {
    "day": "2026-01-31",
    "begins": "09:30:00.000001",
    "length": "PT1H30M",
    "discount": "0.125",
    "price": {"amount": "99999999999999.9", "currency": "EUR"},
    "reminders": ["2026-01-30", "2025-12-31"],
    "extras": [
        {"name": "Projector", "hours": "1.5", "price": {"amount": "10", "currency": "EUR"}},
        {"name": "Coffee", "hours": "0.25", "price": {"amount": "0.1", "currency": "EUR"}},
    ],
}
ANSWER: Final = DRAFT | {
    "price": {"amount": "99999999999999.90", "currency": "EUR"},
    "extras": [
        {"name": "Projector", "hours": "1.50", "price": {"amount": "10.00", "currency": "EUR"}},
        {"name": "Coffee", "hours": "0.25", "price": {"amount": "0.10", "currency": "EUR"}},
    ],
    "total": {"amount": "87500000000014.93", "currency": "EUR"},
}
EVENT: Final = {
    "day": dt.date(2026, 1, 31),
    "begins": dt.time(9, 30, 0, 1),
    "length": dt.timedelta(minutes=90),
    "discount": Decimal("0.125"),
    "price": Money(Decimal("99999999999999.90"), "EUR"),
    "reminders": [dt.date(2026, 1, 30), dt.date(2025, 12, 31)],
    "extras": [
        Extra("Projector", Decimal("1.50"), Money(Decimal(10), "EUR")),
        Extra("Coffee", Decimal("0.25"), Money(Decimal("0.10"), "EUR")),
    ],
}


# --- In and out ---------------------------------------------------------------------------------


async def test_an_answer_has_what_was_sent_and_so_has_the_stored_booking(ana: Person) -> None:
    made = await ana.create("/bookings", DRAFT)
    assert {name: made[name] for name in ANSWER} == ANSWER
    assert (await ana.get(f"/bookings/{made['id']}")).json() == made


async def test_an_event_brings_the_values_to_its_handler(
    ana: Person, published: Published, drain: Drain, container: WithBookings
) -> None:
    made = await ana.create("/bookings", DRAFT)
    [event] = await published.of(BookingMade)
    await drain()
    assert str(event.booking_id) == made["id"]
    assert {name: getattr(event, name) for name in EVENT} == EVENT
    assert container.booking.calendar().events[-1] == event


@pytest.mark.parametrize(
    ("field", "value", "pointer", "detail"),
    [
        ("day", "2026-02-30", "/day", "must be a date such as 2026-01-31"),
        ("begins", "09:30:00Z", "/begins", "must be a time of the day without an offset, "),
        ("length", "P1M", "/length", "must be an ISO 8601 duration such as P2W or P1DT2H30M, "),
        ("discount", 0.125, "/discount", 'must be a decimal number in a string, such as "12.50"'),
        ("discount", "0.1255", "/discount", "must be a plain decimal number, at most 15 digits "),
        ("discount", "1.001", "/discount", "must be at most 1"),
        (
            "price",
            {"amount": "1.5", "currency": "JPY"},
            "/price/amount",
            "has more than the 0 decimals of its currency",
        ),
        ("reminders", ["tomorrow"], "/reminders/0", "must be a date such as 2026-01-31"),
        (
            "extras",
            [{"name": "Tea", "hours": "1000", "price": {"amount": "1", "currency": "EUR"}}],
            "/extras/0/hours",
            "must be a plain decimal number, at most 3 digits before the point, 2 after",
        ),
    ],
)
async def test_a_value_that_does_not_fit_is_refused_at_its_place(
    ana: Person, field: str, value: Any, pointer: str, detail: str
) -> None:
    answer = await ana.post("/bookings", DRAFT | {field: value})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, pointer)
    assert error["detail"].startswith(detail)


# --- Lists --------------------------------------------------------------------------------------

# Each differs from its neighbours in the last digit, or only if the digits are sorted as text.
BOOKINGS: Final = [
    ("2026-01-31", "09:30:00", "PT1H30M", "0.125", "100000000000000.00", []),
    ("2026-01-31", "09:30:00.000001", "PT1H30M0.000001S", "0.126", "9.00", ["2026-01-30"]),
    ("2026-02-01", "10:00:00", "PT10H", "0.13", "10.01", ["2026-01-31"]),
    ("2025-12-31", "23:59:59.999999", "P1D", "1", "10.00", ["2026-01-30", "2026-02-01"]),
]
NAMES: Final = ("day", "begins", "length", "discount", "amount", "reminders")


@pytest.fixture
async def bookings(ana: Person) -> list[str]:
    """The ids of four bookings."""
    ids = []
    for values in BOOKINGS:
        fields: dict[str, Any] = dict(zip(NAMES, values, strict=True))
        amount = fields.pop("amount").replace("100000000000000.00", "99999999999999.99")
        price = {"amount": amount, "currency": "EUR"}
        ids.append((await ana.create("/bookings", {**fields, "price": price}))["id"])
    return ids


async def found(ana: Person, bookings: list[str], query: str) -> list[int]:
    """Return the numbers of the bookings on the page, in its order."""
    page = await ana.get(f"/bookings?{query}")
    assert page.status_code == 200, page.text
    return [bookings.index(item["id"]) for item in page.json()["items"]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("from_day=2026-01-31", [0, 1, 2]),
        ("begins=09:30:00.000001", [1]),
        ("begins=09:30:00", [0]),
        ("longest=PT90M&sort=length", [0]),
        ("longest=PT23H59M59S&sort=length", [0, 1, 2]),
        ("discount=0.13", [2]),
        ("discount=0.130", [2]),
        ("currency=EUR&at_least=10.01&sort=price", [2, 0]),
        ("currency=JPY", []),
        ("days=2025-12-31&days=2026-02-01", [3, 2]),
        ("reminder=2026-01-30", [3, 1]),
    ],
)
async def test_bookings_are_found_by_a_value(
    ana: Person, bookings: list[str], query: str, numbers: list[int]
) -> None:
    assert await found(ana, bookings, query) == numbers


ORDERS: Final = {
    "day": [3, 0, 1, 2],
    "-day": [2, 1, 0, 3],
    "begins": [0, 1, 2, 3],
    "length": [0, 1, 2, 3],
    "-discount": [3, 2, 1, 0],
    "price": [1, 3, 2, 0],
    "-price": [0, 2, 3, 1],
}


@pytest.mark.parametrize("sort", ORDERS)
async def test_bookings_come_page_by_page_in_the_order_of_their_values(
    ana: Person, bookings: list[str], sort: str
) -> None:
    seen, cursor = [], ""
    for _ in bookings:
        page = (await ana.get(f"/bookings?sort={sort}&limit=1{cursor}")).json()
        seen += [bookings.index(item["id"]) for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == (ORDERS[sort], None)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from_day=31.01.2026", "from_day"),
        ("begins=9:30", "begins"),
        ("longest=90", "longest"),
        ("discount=1e-1", "discount"),
        ("currency=euro", "currency"),
        ("days=2026-01-31&days=today", "days.1"),
        ("sort=reminders", "sort"),
    ],
)
async def test_a_filter_that_is_no_value_is_refused_by_its_name(
    ana: Person, query: str, parameter: str
) -> None:
    answer = await ana.get(f"/bookings?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


# --- Demo data and the document -----------------------------------------------------------------


async def test_demo_data_is_written_once_and_has_its_values(
    client: httpx2.AsyncClient, container: WithBookings
) -> None:
    assert "Added 3 bookings." in [said async for said in seeded(container)]
    assert "Added 0 bookings." in [said async for said in seeded(container)]
    bruno = await Person.sign_in(client, "bruno@example.com")
    [item] = (await bruno.get("/bookings?reminder=2026-01-30")).json()["items"]
    booking = (await bruno.get(f"/bookings/{item['id']}")).json()
    assert booking["total"] == {"amount": "102.41", "currency": "EUR"}
    assert booking["extras"][0]["hours"] == "1.50"


def test_the_document_says_what_each_type_looks_like(service: Service) -> None:
    schemas = service.openapi()["components"]["schemas"]
    for name in ("BookingDraft", "BookingView"):
        fields = schemas[name]["properties"]
        forms = {field: fields[field].get("format") for field in fields}
        assert (
            forms
            | {
                "day": "date",
                "begins": "time-local",
                "length": "duration",
                "discount": "decimal",
            }
            == forms
        )
        assert fields["reminders"]["items"] == {"type": "string", "format": "date"}
    discount = schemas["BookingDraft"]["properties"]["discount"]
    assert discount["pattern"] == r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?$"
    assert discount["description"] == "At least 0. At most 1."
    assert schemas["Money"]["properties"]["amount"]["format"] == "decimal"
