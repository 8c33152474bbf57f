"""The invoice: a draft that is sent once, and then paid once."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final, Self
from uuid import UUID

from app.core.exceptions import Conflict, Invalid, NotFound
from app.modules.invoice.domain.events import InvoiceSent
from app.shared.domain.base_entity import AggregateRoot
from app.shared.domain.value_objects import EmailAddress, Money

NUMBER_MAX_LENGTH: Final = 20
DESCRIPTION_MAX_LENGTH: Final = 200


class InvoiceNotFound(NotFound):
    """It does not exist, or another user wrote it: the answer does not tell which."""

    code = "invoice_not_found"
    message = "There is no such invoice."


class InvoiceNumberTaken(Conflict):
    code = "invoice_number_taken"
    message = "You have another invoice with this number."


class InvoiceAlreadySent(Conflict):
    code = "invoice_already_sent"
    message = "The invoice was sent already."


class InvoiceNotSent(Conflict):
    code = "invoice_not_sent"
    message = "The invoice is a draft, or is paid already."


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Line:
    """What the customer pays for."""

    description: str
    quantity: Decimal
    unit_price: Money

    @property
    def amount(self) -> Money:
        """The price of all of it, rounded once."""
        return self.unit_price.times(self.quantity)


@dataclass(eq=False, kw_only=True, slots=True)
class Invoice(AggregateRoot):
    aggregate_type: ClassVar = "invoice"

    owner_id: UUID
    number: str
    customer_email: EmailAddress
    due_on: dt.date
    lines: list[Line]
    total: Money
    status: InvoiceStatus = InvoiceStatus.DRAFT

    @classmethod
    def draft(
        cls,
        *,
        owner_id: UUID,
        number: str,
        customer_email: EmailAddress,
        due_on: dt.date,
        lines: list[Line],
        now: dt.datetime,
    ) -> Self:
        """Return a new draft. Raises Invalid unless it has lines, all in one currency."""
        currencies = {line.unit_price.currency for line in lines}
        if len(currencies) != 1:
            raise Invalid("lines", "must have at least one line, and all prices in one currency")
        return cls(
            created_at=now,
            updated_at=now,
            owner_id=owner_id,
            number=number,
            customer_email=customer_email,
            due_on=due_on,
            lines=lines,
            total=sum((line.amount for line in lines), start=Money.zero(currencies.pop())),
        )

    def send(self, *, now: dt.datetime) -> None:
        if self.status is not InvoiceStatus.DRAFT:
            raise InvoiceAlreadySent
        self.status, self.updated_at = InvoiceStatus.SENT, now
        self.record(InvoiceSent(self.id, self.owner_id))

    def pay(self, *, now: dt.datetime) -> None:
        if self.status is not InvoiceStatus.SENT:
            raise InvoiceNotSent
        self.status, self.updated_at = InvoiceStatus.PAID, now
