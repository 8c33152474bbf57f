"""The steps of an invoice: each has an address, and names the version that its client saw."""

from typing import Final

import pytest

from tests.modules.invoice.samples import create_invoice
from tests.support.people import Person

# The steps on the way to each step, and what it makes of the status.
STEPS: Final[dict[str, tuple[list[str], str]]] = {"send": ([], "sent"), "pay": (["send"], "paid")}


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_names_the_version_that_its_client_saw(ana: Person, step: str) -> None:
    path = f"/invoices/{(await create_invoice(ana))['id']}"
    befores, status = STEPS[step]
    for before in befores:
        assert (await ana.post(f"{path}/{before}", version="*")).is_success
    invoice = (await ana.get(path)).json()
    version = invoice["version"]

    assert (await ana.post(f"{path}/{step}")).json()["code"] == "version_required"
    stale = await ana.post(f"{path}/{step}", version=version + 1)
    assert stale.json()["code"] == "stale_version"
    assert (await ana.get(path)).json() == invoice

    done = await ana.post(f"{path}/{step}", version=version)
    assert (done.status_code, done.json()["status"]) == (200, status), done.text
    assert done.json()["version"] == version + 1
    assert (await ana.get(path)).json() == done.json()


@pytest.mark.parametrize(
    ("befores", "step", "code"),
    [(["send"], "send", "invoice_not_draft"), ([], "pay", "invoice_not_sent")],
)
async def test_a_step_is_refused_at_the_wrong_time(
    ana: Person, befores: list[str], step: str, code: str
) -> None:
    path = f"/invoices/{(await create_invoice(ana))['id']}"
    for before in befores:
        assert (await ana.post(f"{path}/{before}", version="*")).is_success
    refused = await ana.post(f"{path}/{step}", version="*")
    assert (refused.status_code, refused.json()["code"]) == (409, code)
