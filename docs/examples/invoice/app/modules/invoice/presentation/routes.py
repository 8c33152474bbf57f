"""The routes of invoices."""

from app.core.cursors import InvalidCursor
from app.core.http.routing import API, ApiRouter
from app.core.security import scope
from app.modules.invoice.domain.entities import (
    InvoiceAlreadySent,
    InvoiceNotFound,
    InvoiceNotSent,
    InvoiceNumberTaken,
)
from app.modules.invoice.presentation.controllers import InvoiceController

READ = scope("invoice:read")
WRITE = scope("invoice:write")


def invoice_routes(invoices: InvoiceController) -> ApiRouter:
    router = ApiRouter(
        f"{API}/invoices", tags=["invoices"], description="Invoices of yours to customers."
    )
    router.post(
        "",
        invoices.create,
        access=WRITE,
        status_code=201,
        created_at=f"{API}/invoices/{{id}}",
        raises=[InvoiceNumberTaken],
    )
    router.get("", invoices.list, access=READ, raises=[InvalidCursor])
    one = "/{invoice_id}"
    router.get(one, invoices.get, access=READ, raises=[InvoiceNotFound])
    router.post(
        f"{one}/send", invoices.send, access=WRITE, raises=[InvoiceNotFound, InvoiceAlreadySent]
    )
    router.post(f"{one}/pay", invoices.pay, access=WRITE, raises=[InvoiceNotFound, InvoiceNotSent])
    return router
