"""An invoice: always valid, and changed only by its own methods."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final, Self, TypedDict, Unpack
from uuid import UUID

from app.modules.invoice.domain import events
from app.modules.invoice.domain.errors import InvoiceNotDraft, InvoiceNotSent
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.value_objects import EmailAddress

NUMBER_MAX_LENGTH: Final = 20
LINE_DESCRIPTION_MAX_LENGTH: Final = 200


class InvoiceCurrency(StrEnum):
    BRL = "BRL"
    EUR = "EUR"
    USD = "USD"


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One of the lines of an invoice."""

    description: str
    quantity: Decimal
    unit_price: Decimal


class InvoiceFields(TypedDict):
    """What a user writes into a new invoice."""

    number: str
    customer_email: EmailAddress
    currency: InvoiceCurrency
    amount: Decimal
    due_on: dt.date
    lines: list[InvoiceLine]


class InvoiceChanges(TypedDict, total=False):
    """What a user changes of an invoice. A missing field stays as it is."""

    number: str
    customer_email: EmailAddress
    currency: InvoiceCurrency
    amount: Decimal
    due_on: dt.date
    lines: list[InvoiceLine]


@dataclass(eq=False, kw_only=True, slots=True)
class Invoice(AggregateRoot):
    aggregate_type: ClassVar = "invoice"

    owner_id: UUID
    number: str
    customer_email: EmailAddress
    currency: InvoiceCurrency
    amount: Decimal
    due_on: dt.date
    status: InvoiceStatus = InvoiceStatus.DRAFT
    lines: list[InvoiceLine]

    @classmethod
    def create(cls, *, owner_id: UUID, now: dt.datetime, **fields: Unpack[InvoiceFields]) -> Self:
        invoice = cls(owner_id=owner_id, created_at=now, updated_at=now, **fields)
        invoice.record(events.InvoiceCreated(invoice.id, owner_id))
        return invoice

    def update(self, changes: InvoiceChanges, *, now: dt.datetime) -> bool:
        """Change the fields; return whether any of them changed."""
        changed = {name: new for name, new in changes.items() if new != getattr(self, name)}
        for name, new in changed.items():
            setattr(self, name, new)
        if changed:
            self.updated_at = now
            self.record(events.InvoiceUpdated(self.id, self.owner_id, sorted(changed)))
        return bool(changed)

    def send(self, *, now: dt.datetime) -> None:
        if self.status is not InvoiceStatus.DRAFT:
            raise InvoiceNotDraft
        self.status, self.updated_at = InvoiceStatus.SENT, now
        self.record(events.InvoiceSent(self.id, self.owner_id))

    def pay(self, *, now: dt.datetime) -> None:
        if self.status is not InvoiceStatus.SENT:
            raise InvoiceNotSent
        self.status, self.updated_at = InvoiceStatus.PAID, now
        self.record(events.InvoicePaid(self.id, self.owner_id))

    def delete(self) -> None:
        """Record that it is deleted; the repository removes it."""
        self.record(events.InvoiceDeleted(self.id, self.owner_id))
