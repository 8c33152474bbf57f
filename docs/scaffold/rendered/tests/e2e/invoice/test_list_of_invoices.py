"""Invoices are listed by filter, in an order, page by page."""

from typing import Any, Final

import pytest

from tests.modules.invoice.samples import create_invoice
from tests.support.people import Person

ROWS: Final[list[dict[str, Any]]] = [
    {"amount": "3.00", "due_on": "2027-01-03"},
    {"amount": "1.00", "due_on": "2027-01-01"},
    {"amount": "2.00", "due_on": "2027-01-02"},
    {"amount": "1.00", "due_on": "2027-01-01"},
    {"amount": "4.00", "due_on": "2027-01-04"},
]


@pytest.fixture
async def invoices(ana: Person) -> list[dict[str, Any]]:
    """Five, in the order of their creation."""
    return [await create_invoice(ana, **row) for row in ROWS]


async def listed(person: Person, **query: Any) -> list[str]:
    """The ids on all pages of two invoices, in the order of the list."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await person.get("/invoices", params={"limit": 2, **query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        ids += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"sort": "created_at"}, [0, 1, 2, 3, 4]),
        ({"sort": "amount"}, [1, 3, 2, 0, 4]),
        ({"sort": "-amount"}, [4, 0, 2, 3, 1]),
        ({"due_on_from": "2027-01-02"}, [4, 2, 0]),
        ({"due_on_to": "2027-01-02"}, [3, 2, 1]),
        ({"due_on_from": "2027-01-02", "due_on_to": "2027-01-02"}, [2]),
    ],
)
async def test_the_pages_of_a_list_have_what_is_asked_for_in_its_order(
    ana: Person, invoices: list[dict[str, Any]], query: dict[str, str], places: list[int]
) -> None:
    assert await listed(ana, **query) == [invoices[place]["id"] for place in places]


async def test_a_list_shows_invoices_without_their_lines(
    ana: Person, invoices: list[dict[str, Any]]
) -> None:
    (shown,) = (await ana.get("/invoices?limit=1")).json()["items"]
    left_out = {"lines"}
    assert shown == {name: value for name, value in invoices[4].items() if name not in left_out}


async def test_a_cursor_is_for_one_order_and_filter(
    ana: Person, invoices: list[dict[str, Any]]
) -> None:
    cursor = (await ana.get("/invoices?limit=2")).json()["next_cursor"]
    query = {"cursor": cursor, "sort": "created_at"}
    other = await ana.get("/invoices", params=query)
    assert (other.status_code, other.json()["code"]) == (400, "invalid_cursor")
