"""What happens to invoices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class InvoiceSent(DomainEvent):
    """The customer is to get it."""

    type: ClassVar = "invoice.sent"

    invoice_id: UUID
    owner_id: UUID


EVENTS = (InvoiceSent,)
