"""What happens to invoices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.shared.domain.events import DomainEvent


@dataclass(frozen=True, slots=True)
class InvoiceEvent(DomainEvent):
    """The fields of each event of an invoice."""

    invoice_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class InvoiceCreated(InvoiceEvent):
    """An invoice was created."""

    type: ClassVar = "invoice.created"


@dataclass(frozen=True, slots=True)
class InvoiceUpdated(InvoiceEvent):
    """An invoice was changed; `fields` names the changed ones."""

    type: ClassVar = "invoice.updated"

    fields: list[str]


@dataclass(frozen=True, slots=True)
class InvoiceSent(InvoiceEvent):
    """The status of an invoice became `sent`."""

    type: ClassVar = "invoice.sent"


@dataclass(frozen=True, slots=True)
class InvoicePaid(InvoiceEvent):
    """The status of an invoice became `paid`."""

    type: ClassVar = "invoice.paid"


@dataclass(frozen=True, slots=True)
class InvoiceDeleted(InvoiceEvent):
    """An invoice was deleted for good."""

    type: ClassVar = "invoice.deleted"


EVENTS = (InvoiceCreated, InvoiceUpdated, InvoiceSent, InvoicePaid, InvoiceDeleted)
