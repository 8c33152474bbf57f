"""Invoices are listed by filter, in an order, page by page."""

from typing import Any

import pytest

from tests.modules.invoice.samples import an_invoice
from tests.support.people import Person

DUE = ["2027-03-01", "2027-01-01", "2027-02-01", "2027-01-01", "2027-04-01"]


@pytest.fixture
async def invoices(accountant: Person) -> list[dict[str, Any]]:
    """Five, in the order of their creation; the first two are sent."""
    created = [await accountant.create("/invoices", an_invoice(due_on=each)) for each in DUE]
    for each in created[:2]:
        assert (await accountant.post(f"/invoices/{each['id']}/send", version=1)).is_success
    return created


async def listed(person: Person, **query: Any) -> list[str]:
    """The numbers of all pages of two invoices, in the order of the list."""
    numbers: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await person.get("/invoices", params={"limit": 2, **query, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        numbers += [each["number"] for each in page["items"]]
        if page["next_cursor"] is None:
            return numbers
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"sort": "created_at"}, [0, 1, 2, 3, 4]),
        ({"sort": "due_on"}, [1, 3, 2, 0, 4]),
        ({"sort": "-due_on"}, [4, 0, 2, 3, 1]),
        ({"status": "sent"}, [1, 0]),
        ({"status": "draft", "due_before": "2027-04-01", "sort": "due_on"}, [3, 2]),
        ({"status": "paid"}, []),
    ],
)
async def test_the_pages_of_a_list_have_what_is_asked_for_in_its_order(
    accountant: Person,
    invoices: list[dict[str, Any]],
    query: dict[str, str],
    places: list[int],
) -> None:
    assert await listed(accountant, **query) == [invoices[place]["number"] for place in places]


async def test_a_list_shows_invoices_without_their_lines(
    accountant: Person, invoices: list[dict[str, Any]]
) -> None:
    (shown,) = (await accountant.get("/invoices?limit=1")).json()["items"]
    assert shown == {name: value for name, value in invoices[4].items() if name != "lines"}


async def test_a_cursor_is_for_one_order_and_filter(
    accountant: Person, invoices: list[dict[str, Any]]
) -> None:
    cursor = (await accountant.get("/invoices?limit=2")).json()["next_cursor"]
    other = await accountant.get("/invoices", params={"cursor": cursor, "sort": "due_on"})
    assert (other.status_code, other.json()["code"]) == (400, "invalid_cursor")
