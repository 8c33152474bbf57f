"""Invoices, made for a test."""

from itertools import count
from typing import Any, Final

LINE: Final = {
    "description": "Bricks",
    "quantity": "2.5",
    "unit_price": {"amount": "12.50", "currency": "EUR"},
}

_NUMBERS = count(1)


def an_invoice(**fields: Any) -> dict[str, Any]:
    """The body of a POST, each time with another number."""
    given = {"customer_email": "bruno@example.com", "lines": [LINE], **fields}
    return {"number": f"2026-{next(_NUMBERS)}", **given}
