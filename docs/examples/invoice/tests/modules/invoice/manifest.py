"""Invoices, for the tests of the base."""

import datetime as dt
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.modules.invoice.infrastructure import readers
from tests.modules.invoice.samples import LINE, an_invoice
from tests.support.filling import ID, MINUTES_AGO, OWNER, ROWS
from tests.support.manifest import Allowed, Manifest, Plans, Thing

_INVOICES: Final = f"""
INSERT INTO invoice (id, version, created_at, updated_at, owner_id, number, customer_email, due_on,
    status, total_amount, total_currency)
SELECT {ID}, 1, {MINUTES_AGO}, {MINUTES_AGO}, {OWNER}, n, 'bruno@example.com',
    CURRENT_DATE + n / 1000, (ARRAY['draft', 'sent', 'paid'])[1 + n / 1000 % 3], 12.50, 'EUR'
FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608 - all of it is written here
_LINES: Final = f"""
INSERT INTO invoice_line (invoice_id, position, description, quantity, unit_price_amount,
    unit_price_currency)
SELECT {ID}, 0, 'Bricks', 1, 12.50, 'EUR' FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608

PLANS: Final = Plans(
    fills=(_INVOICES, _LINES),
    values={
        "owner_id": UUID(int=2),
        "status": "sent",
        "due_before": dt.date(2200, 1, 1),
        "seen_due_on": dt.date(2026, 1, 1),
        # What an invoice is stored with
        "number": "2026-1",
        "customer_email": "carla@example.com",
        "due_on": dt.date(2026, 1, 31),
        "total_amount": Decimal("12.50"),
        "total_currency": "EUR",
        # A line that is changed or removed
        "row_invoice_id": UUID(int=40_001),
        "row_position": 0,
        "description": "Bricks",
        "quantity": Decimal(1),
        "unit_price_amount": Decimal("12.50"),
        "unit_price_currency": "EUR",
        "parents": [UUID(int=40_001)],
    },
    allowed={
        readers.INVOICES: Allowed(
            100, "it passes over the invoices of one user that a filter leaves out"
        )
    },
)

MANIFEST: Final = Manifest(
    routes="""
GET    /api/v1/invoices                    invoice:read
POST   /api/v1/invoices                    invoice:write
GET    /api/v1/invoices/{invoice_id}       invoice:read
POST   /api/v1/invoices/{invoice_id}/pay   invoice:write
POST   /api/v1/invoices/{invoice_id}/send  invoice:write
""",
    roles=("accountant",),
    things={"invoice_id": Thing(create=("/invoices", an_invoice))},
    before={"POST /api/v1/invoices/{invoice_id}/pay": "POST /invoices/{}/send"},
    good_values={"lines": [LINE]},
    columns={
        "personal": ("invoice.customer_email",),
        "content": (
            *("invoice.number", "invoice.status", "invoice.total_currency"),
            *("invoice_line.description", "invoice_line.unit_price_currency"),
        ),
    },
    plans=PLANS,
)
