"""The statements of invoices on full tables."""

import datetime as dt
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from app.modules.invoice.infrastructure import readers
from tests.support.filling import ID, MINUTES_AGO, OWNER, ROWS
from tests.support.manifest import Allowed, Plans

_FILL: Final = f"""
INSERT INTO invoice (
    id, version, created_at, updated_at, owner_id, number, customer_email, currency, amount,
    due_on, status
)
SELECT
    {ID},
    1,
    {MINUTES_AGO},
    {MINUTES_AGO},
    {OWNER},
    lpad((n / 1000 % 100)::text, 6, '0'),
    'ana@example.com',
    'BRL',
    (n / 1000 * 83 % 100 % 1000000000000)::numeric / 100,
    DATE '2000-01-01' + n / 1000 * 7 % 100,
    'draft'
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608 - all of it is written here
_LINES: Final = f"""
INSERT INTO invoice_line (
    invoice_id, position, description, quantity, unit_price
)
SELECT
    {ID},
    0,
    'Description 0',
    1.000,
    1.00
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608

_VALUES: Final[dict[str, Any]] = {
    "owner_id": UUID(int=2),
    "number": "zzzzzz",
    "customer_email": "ana@example.com",
    "currency": "BRL",
    "amount": Decimal("1.00"),
    "due_on": dt.date(1999, 12, 31),
    "status": "draft",
    "description": "zzzzzz",
    "quantity": Decimal("1.000"),
    "unit_price": Decimal("1.00"),
    # A line that is changed or removed
    "row_invoice_id": UUID(int=40_001),
    "invoice_id": UUID(int=40_001),
    "row_position": 0,
    "position": 0,
    "parents": [UUID(int=40_001)],
}

PLANS: Final = Plans(
    fills=(_FILL, _LINES),
    values=_VALUES,
    own={
        # The filters of the list, and the position of a page
        readers.INVOICES: {
            "due_on_from": dt.date(2000, 3, 31),
            "due_on_to": dt.date(2000, 4, 5),
            "seen_amount": Decimal("0.35"),
        }
    },
    allowed={
        readers.INVOICES: Allowed(
            100,
            "an index serves one filter, or one order: it passes over what the others leave out",
        )
    },
)
