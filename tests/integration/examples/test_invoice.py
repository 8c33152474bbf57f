"""docs/examples/invoice becomes a module of the project by one line, and all checks pass."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.integration.examples.conftest import EXAMPLE, IMPORT, LINE, Run
from tests.support.guides import Shell, commands_run_by
from tests.support.people import PASSWORD
from tests.support.project_copy import CHECKS
from tests.support.server import PATIENCE_SECONDS, Command, answering

INVOICE = {
    "number": "2026-001",
    "customer_email": "bruno@example.com",
    "lines": [
        {
            "description": "Bricks",
            "quantity": "2.5",
            "unit_price": {"amount": "12.50", "currency": "EUR"},
        }
    ],
}

# The tests of the base that read manifests, models, migrations, routes or documents of modules.
GENERAL = {
    "code and documents": (
        "tests/unit/architecture",
        "tests/unit/events/test_catalogue.py",
        "--ignore=tests/unit/architecture/test_projects.py",  # it reads git, and a copy has none
    ),
    "storage": (
        "tests/integration/plans",
        "tests/integration/repositories/test_every_repository.py",
        "tests/integration/migrations/test_migrations.py",
    ),
    "access": (
        "tests/e2e/http/test_access_matrix.py",
        "tests/e2e/http/test_every_route.py",
        "tests/e2e/contract/test_the_document.py",
    ),
    "bad input": ("tests/e2e/http/test_bad_input.py",),
}


def test_the_readme_says_what_is_added_to_the_project() -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert f"```python\n{IMPORT}\n\nclass ApplicationContainer(BaseContainer):\n" in readme
    assert f"{LINE}```" in readme


# --- Checks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_the_project_passes(run: Run, check: str) -> None:
    run(*check.split())


def test_the_tests_of_the_example_pass(run: Run) -> None:
    run("pytest", "-q", "tests/unit/invoice", "tests/e2e/invoice")


@pytest.mark.parametrize("paths", GENERAL.values(), ids=GENERAL)
def test_the_general_tests_pass(run: Run, paths: tuple[str, ...]) -> None:
    run("pytest", "-q", "-m", "not thorough", *paths)


def test_every_operation_of_the_example_keeps_its_contract(run: Run) -> None:
    run("pytest", "-q", "tests/e2e/contract", "-k", "invoices and every_operation")


# --- The service --------------------------------------------------------------------------------


@pytest.fixture
def client(command: Command) -> Iterator[httpx2.Client]:
    """Ana, who is signed in to the running service and is an accountant."""
    with answering(command) as (service, port):
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as client:
            sign_in(client, "ana")
            [give_her_the_role] = commands_run_by(__file__)
            with Shell(command.folder, command.environment) as shell:
                shell.run(give_her_the_role.replace(".venv/bin/python", sys.executable))
            sign_in(client, "ana")
            yield client
        assert service.stop() == 0


def sign_in(client: httpx2.Client, name: str) -> None:
    """Sign in, and register before if there is no account."""
    email = f"{name}@example.com"
    account = {"email": email, "password": PASSWORD, "full_name": name.title()}
    assert client.post("/auth/register", json=account).is_success
    client.headers.pop("Authorization", None)
    form = {"username": email, "password": PASSWORD}
    token = client.post("/auth/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def the_email(folder: Path) -> str:
    """Return the text of the one email to Bruno, as soon as it is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        emails = [path.read_text(encoding="utf-8") for path in folder.glob("*.eml")]
        if found := [each for each in emails if "To: bruno@example.com" in each]:
            (email,) = found
            return email
        time.sleep(0.05)
    pytest.fail("no email was sent")


def test_a_user_works_with_invoices(client: httpx2.Client, command: Command) -> None:
    created = client.post("/invoices", json=INVOICE)
    assert created.status_code == 201, created.text
    invoice: dict[str, Any] = created.json()
    assert invoice["total"] == {"amount": "31.25", "currency": "EUR"}
    assert created.headers["etag"] == '"1"'
    again = client.post("/invoices", json=INVOICE)
    assert (again.status_code, again.json()["code"]) == (409, "invoice_number_taken")
    another = client.post("/invoices", json={**INVOICE, "number": "2026-002"}).json()

    path = f"/invoices/{invoice['id']}"
    assert client.post(f"{path}/send").status_code == 428
    sent = client.post(f"{path}/send", headers={"If-Match": '"1"'})
    assert (sent.json()["status"], sent.headers["etag"]) == ("sent", '"2"')
    assert client.post(f"{path}/pay", headers={"If-Match": '"1"'}).status_code == 412
    assert "Please pay 31.25 EUR" in the_email(command.folder / "data/mail")
    assert client.post(f"{path}/pay", headers={"If-Match": '"2"'}).json()["status"] == "paid"

    first = client.get("/invoices?sort=due_on&limit=1").json()
    assert [each["id"] for each in first["items"]] == [invoice["id"]]
    rest = client.get(f"/invoices?sort=due_on&limit=1&cursor={first['next_cursor']}").json()
    assert [each["id"] for each in rest["items"]] == [another["id"]]
    drafts = client.get("/invoices?status=draft").json()["items"]
    assert [each["id"] for each in drafts] == [another["id"]]

    sign_in(client, "carla")
    assert client.get(path).status_code == 403
    roles = command.run("users", "set-roles", "carla@example.com", "user", "accountant")
    assert roles.returncode == 0, roles.stderr
    sign_in(client, "carla")
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "invoice_not_found")
