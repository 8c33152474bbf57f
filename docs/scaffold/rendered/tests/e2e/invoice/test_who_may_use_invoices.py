"""Who may do what with invoices."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx2

from tests.modules.invoice.samples import an_invoice, create_invoice
from tests.support.people import Person

SignUp = Callable[..., Awaitable[Person]]

# Every route of one invoice, below its address, with a body if it needs one.
ROUTES: Final = {
    "GET ": None,
    "PATCH ": {
        "customer_email": "bruno@example.com",
        "currency": "EUR",
        "amount": "2.00",
        "due_on": "2027-01-02",
        "lines": [{"description": "Description 1", "quantity": "2.000", "unit_price": "2.00"}],
    },
    "POST /send": None,
    "POST /pay": None,
    "DELETE ": None,
}


async def ask(person: Person, invoice_id: str) -> list[httpx2.Response]:
    """Send each request of a route, whatever the version."""
    answers = []
    for route, body in ROUTES.items():
        method, _, rest = route.partition(" ")
        options: dict[str, Any] = {} if body is None else {"json": body}
        headers = {"If-Match": "*"}
        path = f"/invoices/{invoice_id}{rest}"
        answers.append(await person.request(method, path, headers=headers, **options))
    return answers


async def test_a_user_without_the_permission_may_do_nothing_with_invoices(
    ana: Person, sign_up: SignUp
) -> None:
    invoice = await create_invoice(ana)
    guest = await sign_up("clara", "guest")
    answers = [
        *(await ask(guest, invoice["id"])),
        await guest.post("/invoices", an_invoice()),
        await guest.get("/invoices"),
    ]
    assert {answer.status_code for answer in answers} == {403}


async def test_an_invoice_of_another_user_is_not_found(ana: Person, bruno: Person) -> None:
    invoice = await create_invoice(ana)
    answers = await ask(bruno, invoice["id"])
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (404, "invoice_not_found")
    }
    assert (await bruno.get("/invoices")).json()["items"] == []
    assert (await ana.get(f"/invoices/{invoice['id']}")).json() == invoice
