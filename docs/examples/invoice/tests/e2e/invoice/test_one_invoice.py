"""An invoice is created, read, sent and paid."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from app.modules.invoice.domain.events import InvoiceSent
from tests.modules.invoice.samples import LINE, an_invoice
from tests.support.emails import part
from tests.support.mailbox import Mailbox
from tests.support.people import Person
from tests.support.published import Published


async def test_a_new_invoice_is_a_draft_and_can_be_read(accountant: Person) -> None:
    answer = await accountant.post("/invoices", an_invoice(number="7", due_on="2027-01-31"))
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert created["total"] == {"amount": "31.25", "currency": "EUR"}
    assert (created["status"], created["due_on"]) == ("draft", "2027-01-31")
    assert created["lines"] == [{**LINE, "quantity": "2.500"}]

    read = await accountant.get(answer.headers["location"].removeprefix("/api/v1"))
    assert (read.json(), read.headers["etag"]) == (created, '"1"')


async def test_an_invoice_without_a_due_date_is_due_after_the_days_of_the_settings(
    accountant: Person,
) -> None:
    created = await accountant.create("/invoices", an_invoice())
    written_on = dt.datetime.fromisoformat(created["created_at"]).date()
    assert created["due_on"] == str(written_on + dt.timedelta(days=30))


async def test_a_number_is_refused_the_second_time_but_not_for_another_user(
    accountant: Person, another_accountant: Person
) -> None:
    invoice = an_invoice()
    await accountant.create("/invoices", invoice)
    refused = await accountant.post("/invoices", invoice)
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice_number_taken")
    await another_accountant.create("/invoices", invoice)


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"customer_email": "bruno"}, "/customer_email", "invalid_format"),
        ({"number": " "}, "/number", "invalid_format"),
        ({"due_on": "2026-02-30"}, "/due_on", "invalid_format"),
        ({"lines": []}, "/lines", "too_short"),
        ({"lines": [{**LINE, "quantity": "-1"}]}, "/lines/0/quantity", "out_of_range"),
        (
            {"lines": [{**LINE, "unit_price": {"amount": "0.001", "currency": "EUR"}}]},
            "/lines/0/unit_price/amount",
            "invalid_format",
        ),
        (
            {"lines": [LINE, {**LINE, "unit_price": {"amount": "1", "currency": "JPY"}}]},
            "/lines",
            "invalid",
        ),
    ],
)
async def test_a_wrong_value_is_refused_where_it_is(
    accountant: Person, fields: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await accountant.post("/invoices", an_invoice(**fields))
    assert answer.status_code == 422, answer.text
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        (pointer, code)
    ]


async def test_a_sent_invoice_is_emailed_to_its_customer_and_can_be_paid(
    accountant: Person, published: Published, mail: Mailbox
) -> None:
    invoice = await accountant.create("/invoices", an_invoice(customer_email="carla@example.com"))
    path = f"/invoices/{invoice['id']}"
    sent = await accountant.post(f"{path}/send", version=1)
    assert (sent.json()["status"], sent.headers["etag"]) == ("sent", '"2"')
    facts = await published.of(InvoiceSent)
    assert facts == [InvoiceSent(UUID(invoice["id"]), UUID(accountant.id))]

    (message,) = await mail.to("carla@example.com")
    assert f"Please pay 31.25 EUR by {invoice['due_on']}." in part(message, "plain")

    paid = await accountant.post(f"{path}/pay", version=2)
    assert (paid.json()["status"], paid.json()["version"]) == ("paid", 3)
    assert (await accountant.get(path)).json() == paid.json()


async def test_a_transition_names_the_version_that_its_client_saw(accountant: Person) -> None:
    invoice = await accountant.create("/invoices", an_invoice())
    send = f"/invoices/{invoice['id']}/send"
    assert (await accountant.post(send)).json()["code"] == "version_required"
    assert (await accountant.post(send, version=2)).json()["code"] == "stale_version"
    assert (await accountant.post(send, version=1)).status_code == 200
    assert (await accountant.post(send, version=2)).json()["code"] == "invoice_already_sent"


async def test_a_draft_can_not_be_paid(accountant: Person) -> None:
    invoice = await accountant.create("/invoices", an_invoice())
    answer = await accountant.post(f"/invoices/{invoice['id']}/pay", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "invoice_not_sent")


async def test_an_invoice_of_another_user_is_not_found(
    accountant: Person, another_accountant: Person
) -> None:
    invoice = await accountant.create("/invoices", an_invoice())
    path = f"/invoices/{invoice['id']}"
    answers = [
        await another_accountant.get(path),
        await another_accountant.post(f"{path}/send", version=1),
        await another_accountant.post(f"{path}/pay", version=1),
    ]
    assert {answer.json()["code"] for answer in answers} == {"invoice_not_found"}
    assert (await another_accountant.get("/invoices")).json()["items"] == []


async def test_a_user_who_is_no_accountant_may_do_nothing_with_invoices(ana: Person) -> None:
    answers = [await ana.get("/invoices"), await ana.post("/invoices", an_invoice())]
    assert [answer.status_code for answer in answers] == [403, 403]
