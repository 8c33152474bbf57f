"""Demo invoices, the same in each run."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from app.modules.invoice.domain.entities import Invoice, InvoiceCurrency, InvoiceLine
from app.modules.invoice.domain.errors import InvoiceNotFound
from app.modules.invoice.domain.events import InvoiceCreated
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.shared.application.seed import DemoData
from app.shared.domain.value_objects import EmailAddress

INVOICES_EACH: Final = 20


class SeedInvoices:
    """Adds invoices for each demo user."""

    def __init__(self, uow: Callable[[], InvoiceUnitOfWork]) -> None:
        self._uow = uow

    async def __call__(self, demo: DemoData, /) -> str:
        added = 0
        for owner_id in demo.user_ids:
            for number in range(INVOICES_EACH):
                added += await self._add(_invoice(owner_id, number))
        return f"Added {added} invoices."

    async def _add(self, invoice: Invoice) -> int:
        """Add it unless it is there already; return how many were added."""
        async with self._uow() as uow:
            with suppress(InvoiceNotFound):
                await uow.invoices.get_for(invoice.owner_id, invoice.id, version=None)
                return 0
            await uow.invoices.save(invoice)
            await uow.commit()
        return 1


def _invoice(owner_id: UUID, number: int) -> Invoice:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
    invoice = Invoice(
        id=uuid5(NAMESPACE_URL, f"{owner_id}/invoice/{number}"),
        owner_id=owner_id,
        created_at=now,
        updated_at=now,
        number=f"Number {number}",
        customer_email=EmailAddress(f"customer{number + 1}@example.com"),
        currency=list(InvoiceCurrency)[number % 3],
        amount=Decimal("1.00"),
        due_on=now.date() + dt.timedelta(days=number),
        lines=[
            InvoiceLine(
                description="Description 0", quantity=Decimal("1.000"), unit_price=Decimal("1.00")
            )
        ],
    )
    invoice.record(InvoiceCreated(invoice.id, owner_id))
    return invoice
