"""Invoices, made for a test."""

from itertools import count
from typing import Any, Final

from tests.support.people import Person

LINE: Final = {"description": "Description 0", "quantity": "1.000", "unit_price": "1.00"}

_NUMBERS = count(1)


def an_invoice(**fields: Any) -> dict[str, Any]:
    """The body of a POST, each time with another number."""
    number = next(_NUMBERS)
    return {
        "number": f"Number {number}",
        "customer_email": "ana@example.com",
        "currency": "BRL",
        "amount": "1.00",
        "due_on": "2027-01-01",
        "lines": [LINE],
        **fields,
    }


async def create_invoice(person: Person, **fields: Any) -> dict[str, Any]:
    """Create an invoice as a user, and return it."""
    return await person.create("/invoices", an_invoice(**fields))
