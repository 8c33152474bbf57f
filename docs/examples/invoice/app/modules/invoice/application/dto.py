"""What the use cases take and return."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.core.security import Actor
from app.modules.invoice.domain.entities import InvoiceStatus, Line
from app.shared.application.dto import BaseResponse, PageRequest
from app.shared.domain.value_objects import EmailAddress, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """Without `due_on` it is due after the number of days that the settings say."""

    actor: Actor
    number: str
    customer_email: EmailAddress
    due_on: dt.date | None
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class InvoiceCommand:
    """Do something with an invoice whose `version` the client saw; None accepts any version."""

    actor: Actor
    invoice_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceListRequest:
    """Which invoices of the actor to list; a filter that is None accepts all."""

    actor: Actor
    page: PageRequest
    status: InvoiceStatus | None = None
    due_before: dt.date | None = None


@dataclass
class InvoiceSummary(BaseResponse):
    """An invoice without its lines."""

    number: str
    customer_email: str
    due_on: dt.date
    total: Money
    status: InvoiceStatus


@dataclass
class InvoiceView(InvoiceSummary):
    """An invoice as its owner sees it."""

    lines: list[Line]
