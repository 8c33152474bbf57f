"""Invoices, for the tests of the base."""

from typing import Final

from tests.modules.invoice.plans import PLANS
from tests.modules.invoice.samples import an_invoice
from tests.support.manifest import Manifest, Thing

MANIFEST: Final = Manifest(
    routes="""
GET    /api/v1/invoices                    invoice:read
POST   /api/v1/invoices                    invoice:write
DELETE /api/v1/invoices/{invoice_id}       invoice:write
GET    /api/v1/invoices/{invoice_id}       invoice:read
PATCH  /api/v1/invoices/{invoice_id}       invoice:write
POST   /api/v1/invoices/{invoice_id}/pay   invoice:write
POST   /api/v1/invoices/{invoice_id}/send  invoice:write
""",
    things={"invoice_id": Thing(create=("/invoices", an_invoice))},
    bodies={
        "PATCH /api/v1/invoices/{invoice_id}": {
            "customer_email": "bruno@example.com",
            "currency": "EUR",
            "amount": "2.00",
            "due_on": "2027-01-02",
            "lines": [{"description": "Description 1", "quantity": "2.000", "unit_price": "2.00"}],
        }
    },
    before={"POST /api/v1/invoices/{invoice_id}/pay": "POST /invoices/{}/send"},
    columns={
        "personal": ("invoice.customer_email",),
        "content": (
            "invoice.number",
            "invoice.currency",
            "invoice.status",
            "invoice_line.description",
        ),
    },
    plans=PLANS,
)
