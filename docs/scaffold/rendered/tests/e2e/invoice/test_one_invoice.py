"""An invoice is created, read, changed and deleted."""

from typing import Any, Final

import pytest

from tests.modules.invoice.samples import an_invoice, create_invoice
from tests.support.people import Person


async def test_a_new_invoice_can_be_read(ana: Person) -> None:
    body = an_invoice()
    answer = await ana.post("/invoices", body)
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert {name: created[name] for name in body} == body
    assert created["status"] == "draft"
    read = await ana.get(answer.headers["location"].removeprefix("/api/v1"))
    assert (read.json(), read.headers["etag"]) == (created, '"1"')


@pytest.mark.parametrize(
    "name", ["id", "version", "created_at", "updated_at", "owner_id", "status"]
)
async def test_a_field_that_the_service_sets_is_refused(ana: Person, name: str) -> None:
    invoice = await create_invoice(ana)
    body = {**an_invoice(), name: invoice.get(name)}
    path = f"/invoices/{invoice['id']}"
    answers = [
        await ana.post("/invoices", body),
        await ana.patch(path, {name: invoice.get(name)}, version=1),
    ]
    for answer in answers:
        errors = [(each["pointer"], each["code"]) for each in answer.json()["errors"]]
        assert errors == [(f"/{name}", "unknown_field")]


@pytest.mark.parametrize(
    ("name", "value", "pointer", "code"),
    [
        ("number", "x" * 21, "/number", "too_long"),
        ("customer_email", "bruno", "/customer_email", "invalid_format"),
        ("currency", "no such value", "/currency", "not_allowed"),
        ("amount", "0.001", "/amount", "invalid_format"),
        ("due_on", " ", "/due_on", "invalid_format"),
        (
            "lines",
            [{"description": "x" * 201, "quantity": "1.000", "unit_price": "1.00"}],
            "/lines/0/description",
            "too_long",
        ),
    ],
)
async def test_a_wrong_value_is_refused_where_it_is(
    ana: Person, name: str, value: Any, pointer: str, code: str
) -> None:
    answer = await ana.post("/invoices", an_invoice(**{name: value}))
    assert answer.status_code == 422, answer.text
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        (pointer, code)
    ]


async def test_a_number_is_refused_the_second_time_but_not_for_another_user(
    ana: Person, bruno: Person
) -> None:
    invoice = await create_invoice(ana)
    taken = {"number": invoice["number"]}
    refused = await ana.post("/invoices", an_invoice(**taken))
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice_number_taken")
    another = await create_invoice(ana)
    refused = await ana.patch(f"/invoices/{another['id']}", {"number": taken["number"]}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice_number_taken")
    await create_invoice(bruno, number=taken["number"])


CHANGES: Final = {
    "number": "zzzzzz",
    "customer_email": "bruno@example.com",
    "currency": "EUR",
    "amount": "2.00",
    "due_on": "2027-01-02",
    "lines": [{"description": "Description 1", "quantity": "2.000", "unit_price": "2.00"}],
}


async def test_a_change_names_the_version_that_its_client_saw(ana: Person) -> None:
    invoice = await create_invoice(ana)
    path = f"/invoices/{invoice['id']}"
    assert (await ana.patch(path, CHANGES)).json()["code"] == "version_required"
    assert (await ana.patch(path, CHANGES, version=2)).json()["code"] == "stale_version"
    assert (await ana.get(path)).json() == invoice

    changed = await ana.patch(path, CHANGES, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"'), changed.text
    expected = {**invoice, **CHANGES, "version": 2, "updated_at": changed.json()["updated_at"]}
    assert changed.json() == expected
    assert (await ana.get(path)).json() == expected


async def test_a_deletion_names_the_version_that_its_client_saw(ana: Person) -> None:
    invoice = await create_invoice(ana)
    path = f"/invoices/{invoice['id']}"
    assert (await ana.delete(path)).json()["code"] == "version_required"
    assert (await ana.delete(path, version=2)).json()["code"] == "stale_version"
    assert (await ana.get(path)).json() == invoice

    assert (await ana.delete(path, version=1)).status_code == 204
    assert (await ana.get(path)).json()["code"] == "invoice_not_found"
