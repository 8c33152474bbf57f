"""An invoice is a draft, is sent once, and is paid once."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from app.core.exceptions import Invalid
from app.modules.invoice.domain.entities import (
    Invoice,
    InvoiceAlreadySent,
    InvoiceNotSent,
    InvoiceStatus,
    Line,
)
from app.modules.invoice.domain.events import InvoiceSent
from app.shared.domain.base_entity import new_id
from app.shared.domain.value_objects import EmailAddress, Money
from tests.support.moments import CREATED, NOW


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def a_line(quantity: str, unit_price: Money) -> Line:
    return Line("Bricks", Decimal(quantity), unit_price)


def a_draft(**fields: Any) -> Invoice:
    given = {
        "owner_id": new_id(),
        "number": "2026-1",
        "customer_email": EmailAddress("bruno@example.com"),
        "due_on": dt.date(2026, 1, 31),
        "lines": [a_line("1", euros("10"))],
        "now": CREATED,
    }
    return Invoice.draft(**{**given, **fields})


def test_the_total_is_the_sum_of_the_lines_each_rounded() -> None:
    lines = [a_line("0.333", euros("1.00")), a_line("3", euros("0.10"))]
    assert a_draft(lines=lines).total == euros("0.63")


@pytest.mark.parametrize(
    "lines",
    [[], [a_line("1", euros("1")), a_line("1", Money(Decimal(1), "JPY"))]],
    ids=["no lines", "two currencies"],
)
def test_lines_that_make_no_total_are_refused(lines: list[Line]) -> None:
    with pytest.raises(Invalid) as refusal:
        a_draft(lines=lines)
    assert [error["pointer"] for error in refusal.value.errors] == ["/lines"]


def test_a_sent_invoice_is_published() -> None:
    invoice = a_draft()
    invoice.send(now=NOW)
    assert (invoice.status, invoice.updated_at) == (InvoiceStatus.SENT, NOW)
    assert invoice.pull_events() == [InvoiceSent(invoice.id, invoice.owner_id)]


def test_an_invoice_cannot_be_sent_twice() -> None:
    invoice = a_draft()
    invoice.send(now=NOW)
    with pytest.raises(InvoiceAlreadySent):
        invoice.send(now=NOW)


def test_a_sent_invoice_can_be_paid_once() -> None:
    invoice = a_draft()
    invoice.send(now=CREATED)
    invoice.pay(now=NOW)
    assert (invoice.status, invoice.updated_at) == (InvoiceStatus.PAID, NOW)
    with pytest.raises(InvoiceNotSent):
        invoice.pay(now=NOW)


def test_a_draft_cannot_be_paid() -> None:
    with pytest.raises(InvoiceNotSent):
        a_draft().pay(now=NOW)
