"""What the use cases take and return."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from app.core.security import Actor
from app.modules.invoice.domain.entities import (
    InvoiceChanges,
    InvoiceCurrency,
    InvoiceFields,
    InvoiceLine,
    InvoiceStatus,
)
from app.shared.application.dto import BaseResponse, PageRequest


@dataclass(frozen=True, slots=True)
class InvoiceCommand:
    """Do something with an invoice whose `version` the client saw; None accepts any version."""

    actor: Actor
    invoice_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class NewInvoice:
    actor: Actor
    fields: InvoiceFields


@dataclass(frozen=True, slots=True)
class InvoiceUpdate:
    command: InvoiceCommand
    changes: InvoiceChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceListRequest:
    """Which invoices to list; a filter that is None accepts all."""

    actor: Actor
    page: PageRequest
    due_on_from: dt.date | None = None
    due_on_to: dt.date | None = None


@dataclass
class InvoiceSummary(BaseResponse):
    """An invoice without its lines."""

    number: str
    customer_email: str
    currency: InvoiceCurrency
    amount: Decimal
    due_on: dt.date
    status: InvoiceStatus


@dataclass
class InvoiceView(InvoiceSummary):
    """An invoice as its owner sees it."""

    lines: list[InvoiceLine]
