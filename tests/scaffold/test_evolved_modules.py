"""A module with edits gets and loses fields of all types in a copy of the project: all checks pass.

Its rows of before are read by the new code, on both databases.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.scaffold.small_project import git
from tests.scaffold.test_in_a_project import command
from tests.support.project_copy import CHECKS, copy_project, run_in

MADE: Final = (
    """module add bill number:str.20:unique total:decimal.12.2:sort day:date
        lines.description:str lines.quantity:decimal.12.3""",
    "usecase add bill archive",
    "event add bill approved reason:str",
    "handler add bill email_owner --on bill.created --outside",
)
ADDED: Final = (
    """field add bill price:decimal.6.4:default=1.5:sort tags:list.str:optional
        is_open:bool:default=true code:str.8:unique:optional task_id:ref.task:optional
        stage:enum.draft.sent.paid:flow.draft.sent.paid:filter parts:lines(name:str):optional
        due_on:date:default=2026-01-31:filter""",
    """field add bill lines.discount:decimal:optional stars:int:default=3:filter:sort
        size:enum.s.m:default=s at:datetime:optional:server:sort customer_email:str:optional
        token_id:uuid:optional:unique:filter memo:text:default=none""",
    "field add bill remark:text:optional",
)
REMOVED: Final = (
    "field remove bill remark",
    "field remove bill total",
    "field remove bill code",
    "field remove bill stage",
    "field remove bill task_id",
    "field remove bill parts",
    "field remove bill lines.quantity",
    "field remove bill code --drop-data",
    "field remove bill parts --drop-data",
    "field remove bill lines.quantity --drop-data",
    "field remove bill day --drop-data",
)
RULE: Final = """
        if changes.get("number") == "void":
            raise Invalid("number", "is a word of ours")
"""
OWN_TEST: Final = '''"""Ours."""

import pytest

from app.core.exceptions import Invalid
from tests.support.moments import NOW
from tests.unit.bill.test_the_life_of_a_bill import a_bill


def test_a_word_of_ours_is_no_number() -> None:
    with pytest.raises(Invalid):
        a_bill().update({"number": "void"}, now=NOW)
'''
TESTS: Final = (
    "tests/unit/bill",
    "tests/e2e/bill",
    "tests/integration/migrations/test_migrations.py",
    "tests/e2e/http/test_access_matrix.py",
)
# Run by the project's Python: what its code reads of a row that its code of before has written.
READ: Final = """
import asyncio, json
from app.config.database import create_database
from app.container import ApplicationContainer
from app.modules.bill.infrastructure.readers import SqlBillReader
from app.modules.bill.infrastructure.tables import bill
from app.shared.infrastructure.database.statement import Statement
from sqlalchemy import select

ANY = Statement(select(bill.c.id, bill.c.owner_id).limit(1))

async def main():
    database = create_database(ApplicationContainer.load_settings())
    await database.open()
    try:
        row = await database.fetch_one(ANY, {})
        read = await SqlBillReader(database, None).bill(row["owner_id"], row["id"])
        print(json.dumps({name: str(value) for name, value in vars(read).items()}))
    finally:
        await database.close()

asyncio.run(main())
"""
DEFAULTS: Final = {
    **dict.fromkeys(("code", "task_id", "at", "token_id", "customer_email"), "None"),
    **dict.fromkeys(("tags", "parts"), "[]"),
    "price": "1.5000",
    "stage": "draft",
    "due_on": "2026-01-31",
    "is_open": "True",
    "stars": "3",
    "size": "s",
    "memo": "none",
}
DATABASES: Final = ("sqlite", "postgresql")


def give(project: Path, *lines: str) -> None:
    """Give commands of the tool, with a commit after each."""
    for line in lines:
        done = command(project, line)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        commit(project, line)


def commit(project: Path, message: str) -> None:
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a module that was edited by hand and by the tool."""
    project = copy_project(tmp_path_factory.mktemp("evolved") / "project")
    git(project, "init", "--quiet", "--initial-branch=main")
    commit(project, "Begin")
    give(project, *MADE)
    entity = project / "app/modules/bill/domain/entities.py"
    text = entity.read_text(encoding="utf-8")
    ends = '        """Change the fields; return whether any of them changed."""\n'
    for old, new in (
        (ends, f"{ends}{RULE[1:]}"),
        ("from app.modules.bill", "from app.core.exceptions import Invalid\nfrom app.modules.bill"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    entity.write_text(text, encoding="utf-8")
    (project / "tests/unit/bill/test_ours.py").write_text(OWN_TEST, encoding="utf-8")
    commit(project, "A rule of ours")
    return project


@pytest.fixture(scope="module")
def urls(
    made: Path,
    tmp_path_factory: pytest.TempPathFactory,
    another_database: Callable[[str, str], str],
) -> dict[str, str]:
    """Databases with rows that the code of before has written."""
    urls = {
        "sqlite": f"sqlite:///{tmp_path_factory.mktemp('rows') / 'evolved_test.db'}",
        "postgresql": another_database("postgresql", "evolved"),
    }
    for url in urls.values():
        run_in(made, "python", "-m", "app", "reset", "--yes", APP_ENV="test", DATABASE_URL=url)
        run_in(made, "python", "-m", "app", "seed", APP_ENV="test", DATABASE_URL=url)
    return urls


@pytest.fixture(scope="module")
def more(made: Path, urls: dict[str, str]) -> Path:
    give(made, *ADDED)
    # Other databases have the columns too. The tool knows it by the tag, and keeps the migrations.
    git(made, "tag", "released")
    assert RULE in (made / "app/modules/bill/domain/entities.py").read_text(encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def less(more: Path) -> Path:
    give(more, *REMOVED)
    assert RULE in (more / "app/modules/bill/domain/entities.py").read_text(encoding="utf-8")
    return more


@pytest.fixture(scope="module")
def test_database(another_database: Callable[[str, str], str]) -> str:
    return another_database("postgresql", "evolvedtests")


def read(project: Path, url: str) -> dict[str, str]:
    """Migrate a database; return what is read of a row of before."""
    variables = {"APP_ENV": "test", "DATABASE_URL": url}
    run_in(project, "python", "-m", "app", "migrate", **variables)
    run_in(project, "python", "-m", "app", "migrate", "--check", **variables)
    found: dict[str, str] = json.loads(run_in(project, "python", "-c", READ, **variables))
    return found


@pytest.mark.parametrize("database", DATABASES)
def test_rows_of_before_have_the_defaults_of_new_fields(
    more: Path, urls: dict[str, str], database: str
) -> None:
    assert DEFAULTS.items() <= read(more, urls[database]).items()


@pytest.mark.parametrize("check", CHECKS)
def test_a_module_with_more_fields_passes_each_check(more: Path, check: str) -> None:
    run_in(more, *check.split())


def test_the_tests_of_a_module_with_more_fields_pass(more: Path, test_database: str) -> None:
    run_in(more, "pytest", "-q", "-n", "2", *TESTS, TEST_DATABASE_URL=test_database)


@pytest.mark.parametrize("database", DATABASES)
def test_rows_of_before_are_read_without_the_removed_fields(
    less: Path, urls: dict[str, str], database: str
) -> None:
    found = read(less, urls[database])
    assert {"total", "code", "stage", "parts", "day"}.isdisjoint(found)
    assert found["price"] == "1.5000"
    run_in(less, "python", "-m", "app", "seed", APP_ENV="test", DATABASE_URL=urls[database])


@pytest.mark.parametrize("check", CHECKS)
def test_a_module_with_fewer_fields_passes_each_check(less: Path, check: str) -> None:
    run_in(less, *check.split())


def test_the_tests_of_a_module_with_fewer_fields_pass(less: Path, test_database: str) -> None:
    run_in(less, "pytest", "-q", "-n", "2", *TESTS, TEST_DATABASE_URL=test_database)
