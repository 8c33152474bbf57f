"""`python -m app reset` recreates a developer's database, and no other."""

import io
import sqlite3
from contextlib import closing

import pytest

from app.config.settings import DATABASE_FILE
from tests.integration.cli.conftest import Run, Set
from tests.support.production import PRODUCTION

FILE = f"var/{DATABASE_FILE}"


def sql(statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(FILE)) as connection, connection:
        return list(connection.execute(statement))


def test_a_database_without_branches_is_created_again(run: Run) -> None:
    run("migrate")
    run("seed")
    sql("UPDATE alicerce_version SET version_num = '0013'")
    sql("CREATE TABLE of_others (id integer)")
    assert "make reset" in run("migrate").errors

    assert run("reset", "--yes") == (0, "The database was created again and is empty.\n", "")
    assert sql('SELECT count(*) FROM "user"') == [(0,)]
    assert run("migrate", "--check").code == 0
    assert sql("SELECT count(*) FROM of_others") == [(0,)]


def test_a_missing_database_is_created(run: Run) -> None:
    assert run("reset", "--yes").code == 0
    assert run("migrate", "--check").code == 0


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_confirmation_nothing_is_changed(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    run("migrate")
    run("seed")
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    code, output, _ = run("reset")
    assert code == 1
    assert "will be lost. Continue?" in output
    assert sql('SELECT count(*) FROM "user"') != [(0,)]


def test_a_database_of_another_application_is_left_unchanged(run: Run) -> None:
    run("migrate")
    sql("DROP TABLE alicerce_version")
    code, _, errors = run("reset", "--yes")
    assert code == 1
    assert "tables of another application with our names" in errors
    assert sql('SELECT count(*) FROM "user"') == [(0,)]


def test_in_production_nothing_is_reset(run: Run, set_to: Set) -> None:
    set_to(**PRODUCTION)
    code, _, errors = run("reset", "--yes")
    assert code == 1
    assert errors == "APP_ENV is production, where reset is not allowed; nothing was changed.\n"


def test_a_database_on_another_machine_is_not_reset(run: Run, set_to: Set) -> None:
    set_to(database_url="postgresql://ana:s3cret@db.example.com/shop")
    code, _, errors = run("reset", "--yes")
    assert code == 1
    assert "postgresql://ana:***@db.example.com/shop is on another machine" in errors
