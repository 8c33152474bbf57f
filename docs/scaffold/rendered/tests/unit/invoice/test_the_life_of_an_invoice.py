"""An invoice is created, changed, goes through its steps and deleted."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest

from app.core.exceptions import Conflict
from app.modules.invoice.domain import events
from app.modules.invoice.domain.entities import (
    Invoice,
    InvoiceCurrency,
    InvoiceFields,
    InvoiceLine,
    InvoiceStatus,
)
from app.modules.invoice.domain.errors import InvoiceNotDraft, InvoiceNotSent
from app.shared.domain.base_entity import new_id
from app.shared.domain.value_objects import EmailAddress
from tests.support.moments import CREATED, NOW


def an_invoice(**fields: Any) -> Invoice:
    given: InvoiceFields = {
        "number": "Number 0",
        "customer_email": EmailAddress("ana@example.com"),
        "currency": InvoiceCurrency.BRL,
        "amount": Decimal("1.00"),
        "due_on": dt.date(2027, 1, 1),
        "lines": [
            InvoiceLine(
                description="Description 0", quantity=Decimal("1.000"), unit_price=Decimal("1.00")
            )
        ],
    }
    invoice = Invoice.create(owner_id=new_id(), now=CREATED, **given)
    for name, value in fields.items():
        setattr(invoice, name, value)
    return invoice


def test_a_new_invoice_is_published() -> None:
    invoice = an_invoice()
    assert (invoice.created_at, invoice.updated_at) == (CREATED, CREATED)
    assert invoice.status is InvoiceStatus.DRAFT
    assert invoice.pull_events() == [events.InvoiceCreated(invoice.id, invoice.owner_id)]


def test_a_change_is_published_with_the_names_of_the_fields() -> None:
    invoice = an_invoice()
    invoice.pull_events()
    assert invoice.update(
        {
            "number": "Number 1",
            "customer_email": EmailAddress("bruno@example.com"),
            "currency": InvoiceCurrency.EUR,
            "amount": Decimal("2.00"),
            "due_on": dt.date(2027, 1, 2),
            "lines": [
                InvoiceLine(
                    description="Description 1",
                    quantity=Decimal("2.000"),
                    unit_price=Decimal("2.00"),
                )
            ],
        },
        now=NOW,
    )
    assert (invoice.number, invoice.updated_at) == ("Number 1", NOW)
    assert invoice.pull_events() == [
        events.InvoiceUpdated(
            invoice.id,
            invoice.owner_id,
            ["amount", "currency", "customer_email", "due_on", "lines", "number"],
        )
    ]


def test_an_update_without_a_change_leaves_an_invoice_as_it_is() -> None:
    invoice = an_invoice()
    invoice.pull_events()
    assert not invoice.update(
        {
            "number": "Number 0",
            "customer_email": EmailAddress("ana@example.com"),
            "currency": InvoiceCurrency.BRL,
            "amount": Decimal("1.00"),
            "due_on": dt.date(2027, 1, 1),
            "lines": [
                InvoiceLine(
                    description="Description 0",
                    quantity=Decimal("1.000"),
                    unit_price=Decimal("1.00"),
                )
            ],
        },
        now=NOW,
    )
    assert (invoice.updated_at, invoice.pull_events()) == (CREATED, [])


STEPS: Final[dict[str, Callable[[Invoice], None]]] = {
    "send": lambda invoice: invoice.send(now=NOW),
    "pay": lambda invoice: invoice.pay(now=NOW),
}
# What each step makes of a status, or the error.
TABLE: Final[dict[tuple[str, InvoiceStatus], InvoiceStatus | type[Conflict]]] = {
    ("send", InvoiceStatus.DRAFT): InvoiceStatus.SENT,
    ("send", InvoiceStatus.SENT): InvoiceNotDraft,
    ("send", InvoiceStatus.PAID): InvoiceNotDraft,
    ("pay", InvoiceStatus.DRAFT): InvoiceNotSent,
    ("pay", InvoiceStatus.SENT): InvoiceStatus.PAID,
    ("pay", InvoiceStatus.PAID): InvoiceNotSent,
}


@pytest.mark.parametrize(("step", "before"), TABLE)
def test_a_step_is_refused_unless_the_status_allows_it(step: str, before: InvoiceStatus) -> None:
    invoice, after = an_invoice(status=before), TABLE[step, before]
    if isinstance(after, InvoiceStatus):
        STEPS[step](invoice)
        assert (invoice.status, invoice.updated_at) == (after, NOW)
    else:
        with pytest.raises(after):
            STEPS[step](invoice)
        assert (invoice.status, invoice.updated_at) == (before, CREATED)


@pytest.mark.parametrize(
    ("step", "before", "event"),
    [
        ("send", InvoiceStatus.DRAFT, events.InvoiceSent),
        ("pay", InvoiceStatus.SENT, events.InvoicePaid),
    ],
)
def test_a_step_is_published(
    step: str, before: InvoiceStatus, event: type[events.InvoiceEvent]
) -> None:
    invoice = an_invoice(status=before)
    invoice.pull_events()
    STEPS[step](invoice)
    assert invoice.pull_events() == [event(invoice.id, invoice.owner_id)]


def test_a_deletion_is_published() -> None:
    invoice = an_invoice()
    invoice.pull_events()
    invoice.delete()
    assert invoice.pull_events() == [events.InvoiceDeleted(invoice.id, invoice.owner_id)]
