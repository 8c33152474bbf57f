"""The tests of a written module notice when a guard of its code is missing."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.scaffold.modules.written import INVOICE, add_modules
from tests.support.project_copy import TOOLS, copy_project

pytestmark = pytest.mark.thorough


class Guard(NamedTuple):
    file: str
    """Of the module."""
    code: str
    without: str
    noticed_by: str
    """The test that has to fail."""


WITHOUT_OWNER: Final = """not_found: ClassVar = InvoiceNotFound

    async def get_for(self, _owner_id, id, /, *, version):
        return self._checked(await self.get(id), version=version)
"""
STATUS: Final = "    status: Annotated[InvoiceStatus, Choice] = InvoiceStatus.DRAFT\n"
GUARDS: Final = {
    "the owner of a list": Guard(
        "infrastructure/readers.py",
        '.where(invoice.c.owner_id == bindparam("owner_id"))',
        "",
        "test_an_invoice_of_another_user_is_not_found",
    ),
    "the owner of what is read": Guard(
        "infrastructure/readers.py",
        "SqlInvoiceRepository.OWN",
        "SqlInvoiceRepository._GET",
        "test_an_invoice_of_another_user_is_not_found",
    ),
    "the owner of what is changed": Guard(
        "infrastructure/repositories.py",
        "not_found: ClassVar = InvoiceNotFound\n",
        WITHOUT_OWNER,
        "test_an_invoice_of_another_user_is_not_found",
    ),
    "the scope to read": Guard(
        "presentation/routes.py",
        'scope("invoice:read")',
        "AUTHENTICATED",
        "test_a_user_without_the_permission_may_do_nothing_with_invoices",
    ),
    "the scope to write": Guard(
        "presentation/routes.py",
        'scope("invoice:write")',
        "AUTHENTICATED",
        "test_a_user_without_the_permission_may_do_nothing_with_invoices",
    ),
    "a field of the service in a new row": Guard(
        "presentation/schemas.py",
        "class InvoiceDraft(Body):\n",
        f"class InvoiceDraft(Body):\n{STATUS}",
        "test_a_field_that_the_service_sets_is_refused",
    ),
    "a field of the service in a change": Guard(
        "presentation/schemas.py",
        "class InvoicePatch(Body):\n",
        f"class InvoicePatch(Body):\n{STATUS}",
        "test_a_field_that_the_service_sets_is_refused",
    ),
    "If-Match of a change": Guard(
        "presentation/controllers.py",
        "command = InvoiceCommand(actor, invoice_id, version)",
        "command = InvoiceCommand(actor, invoice_id)",
        "test_a_change_names_the_version_that_its_client_saw",
    ),
    "If-Match of a deletion": Guard(
        "presentation/controllers.py",
        "self.delete_invoice.execute(InvoiceCommand(actor, invoice_id, version))",
        "self.delete_invoice.execute(InvoiceCommand(actor, invoice_id))",
        "test_a_deletion_names_the_version_that_its_client_saw",
    ),
    "If-Match of a step": Guard(
        "presentation/controllers.py",
        "self.send_invoice.execute(InvoiceCommand(actor, invoice_id, version))",
        "self.send_invoice.execute(InvoiceCommand(actor, invoice_id))",
        "test_a_step_names_the_version_that_its_client_saw",
    ),
    "what is unique": Guard(
        "infrastructure/repositories.py",
        '"uq_invoice_owner_id_number": InvoiceNumberTaken',
        "",
        "test_a_number_is_refused_the_second_time_but_not_for_another_user",
    ),
    "where a step begins": Guard(
        "domain/entities.py",
        "if self.status is not InvoiceStatus.SENT:",
        "if self.status is InvoiceStatus.PAID:",
        "test_a_step_is_refused_at_the_wrong_time",
    ),
}
IMPORTED: Final = (
    ("schemas.py", "    InvoiceLine,\n", "    InvoiceLine,\n    InvoiceStatus,\n"),
    ("routes.py", "import scope", "import AUTHENTICATED, scope"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with invoices, which imports what the changes below need."""
    project = copy_project(tmp_path_factory.mktemp("guards") / "project")
    add_modules(project, [INVOICE])
    for name, code, changed in IMPORTED:
        replace(project / f"app/modules/invoice/presentation/{name}", code, changed)
    return project


def replace(path: Path, code: str, changed: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(code) == 1, f"{path.name} has to have once: {code}"
    path.write_text(text.replace(code, changed), encoding="utf-8")


def batches() -> Iterator[dict[str, Guard]]:
    """Group the guards so that each of a group is noticed by a test of its own."""
    left = dict(GUARDS)
    while left:
        chosen: dict[str, Guard] = {}
        for name, guard in left.items():
            if guard.noticed_by not in {each.noticed_by for each in chosen.values()}:
                chosen[name] = guard
        yield chosen
        left = {name: guard for name, guard in left.items() if name not in chosen}


@pytest.mark.parametrize("guards", list(batches()), ids=lambda guards: f"{len(guards)} guards")
def test_missing_guards_are_noticed(guards: dict[str, Guard], project: Path) -> None:
    module = project / "app/modules/invoice"
    texts = {path: path.read_text(encoding="utf-8") for path in module.rglob("*.py")}
    for guard in guards.values():
        replace(module / guard.file, guard.code, guard.without)
    report = report_of(project, [guard.noticed_by for guard in guards.values()])
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    failed = [line for line in report.splitlines() if line.startswith("FAILED")]
    unnoticed = {
        name
        for name, guard in guards.items()
        if not any(f"::{guard.noticed_by}[" in line for line in failed)
    }
    assert unnoticed == set(), report[-3_000:]


def test_with_all_guards_the_tests_pass(project: Path) -> None:
    report = report_of(project, [guard.noticed_by for guard in GUARDS.values()])
    assert " passed" in report, report[-3_000:]
    assert "FAILED" not in report


def report_of(project: Path, names: Iterable[str]) -> str:
    """Run tests of the module on SQLite, which starts at once; return the report."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    which = f"({' or '.join(sorted({*names}))}) and not postgresql"
    ended = subprocess.run(  # noqa: S603 - the tests' own
        [TOOLS / "pytest", "-q", "tests/e2e/invoice", "-k", which],
        cwd=project,
        env=kept,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode in {0, 1}, f"{ended.stdout[-3_000:]}\n{ended.stderr[-3_000:]}"
    return ended.stdout
