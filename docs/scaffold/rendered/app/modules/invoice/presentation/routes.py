"""The routes of invoices."""

from app.core.cursors import InvalidCursor
from app.core.http.routing import API, ApiRouter
from app.core.security import scope
from app.modules.invoice.domain.errors import (
    InvoiceNotDraft,
    InvoiceNotFound,
    InvoiceNotSent,
    InvoiceNumberTaken,
)
from app.modules.invoice.presentation.controllers import InvoiceController

READ = scope("invoice:read")
WRITE = scope("invoice:write")


def invoice_routes(invoices: InvoiceController) -> ApiRouter:
    router = ApiRouter(f"{API}/invoices", tags=["invoices"], description="Invoices of your own.")
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
    router.patch(one, invoices.update, access=WRITE, raises=[InvoiceNotFound, InvoiceNumberTaken])
    router.post(
        f"{one}/send", invoices.send, access=WRITE, raises=[InvoiceNotFound, InvoiceNotDraft]
    )
    router.post(f"{one}/pay", invoices.pay, access=WRITE, raises=[InvoiceNotFound, InvoiceNotSent])
    router.delete(one, invoices.delete, access=WRITE, status_code=204, raises=[InvoiceNotFound])
    return router
