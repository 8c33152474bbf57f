"""A module and its pieces, made in a copy of the project, pass its checks and are removed again."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.scaffold.small_project import git
from tests.support.project_copy import CHECKS, copy_project, run_in

COMMANDS: Final = (
    "module add remark title:str.80 stars:int:sort",
    "usecase add remark archive",
    "usecase add task archive",
    "event add remark archived reason:str at:datetime:optional price:decimal:optional",
    "event add task archived",
    "handler add remark email_owner --on remark.created --outside",
    "handler add remark forget_user --on user.deleted",
    "handler add task count_remarks --on task.created",
)
TESTS: Final = (
    *("tests/unit/remark", "tests/e2e/remark", "tests/unit/task/test_event_archived.py"),
    *("tests/e2e/task/test_archive.py", "tests/e2e/task/test_handler_count_remarks.py"),
    *("tests/unit/architecture", "tests/unit/events/test_catalogue.py"),
    *("tests/e2e/http/test_access_matrix.py", "tests/e2e/http/test_every_route.py"),
)

Run = Callable[..., str]


def command(project: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, "-m", "scaffold", *line.split()],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, with a commit for each command."""
    project = copy_project(tmp_path_factory.mktemp("pieces") / "project")
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "--message", "Begin")
    for line in COMMANDS:
        done = command(project, line)
        assert done.returncode == 0, done.stderr
        git(project, "add", "-A")
        git(project, "commit", "--quiet", "--message", line)
    return project


@pytest.fixture(scope="module")
def run(project: Path, another_database: Callable[[str, str], str]) -> Run:
    """Run a command of the environment in the copy. It has to succeed."""
    database = another_database("postgresql", "pieces")
    return partial(run_in, project, APP_ENV="test", TEST_DATABASE_URL=database)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_the_project_passes(run: Run, check: str) -> None:
    run(*check.split())


def test_the_tests_of_the_pieces_and_of_the_base_pass(run: Run) -> None:
    run("pytest", "-q", "-m", "not thorough", *TESTS)


@pytest.fixture
def taken_back(project: Path) -> Iterator[None]:
    """What the test changes in the copy is taken back afterwards."""
    yield
    git(project, "reset", "--quiet", "--hard")
    git(project, "clean", "--quiet", "-d", "--force")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("APP_ENV", "test")
    return url


def test_the_own_database_goes_back_before_a_module_is_removed(
    project: Path, run: Run, database: str, taken_back: None
) -> None:
    run("python", "-m", "app", "migrate", DATABASE_URL=database)
    refused = command(project, "module remove remark --yes")
    assert refused.returncode == 3
    assert "Your database has the tables of remark" in refused.stderr
    assert "python -m app migrate --down app_0001\n" in refused.stderr
    assert git(project, "status", "--porcelain") == ""
    run("python", "-m", "app", "migrate", "--down", "app_0001", DATABASE_URL=database)
    removed = command(project, "module remove remark --yes")
    assert removed.returncode == 0, removed.stderr
    assert list((project / "app").rglob("*remark*.py")) == []
    run("python", "-m", "app", "migrate", DATABASE_URL=database)
    run("python", "-m", "app", "migrate", "--check", DATABASE_URL=database)


def test_dropped_tables_can_come_back(
    project: Path, run: Run, database: str, taken_back: None
) -> None:
    run("python", "-m", "app", "migrate", DATABASE_URL=database)
    removed = command(project, "module remove remark --drop-data --yes")
    assert removed.returncode == 0, removed.stderr
    run("python", "-m", "app", "migrate", DATABASE_URL=database)
    run("python", "-m", "app", "migrate", "--check", DATABASE_URL=database)
    run("python", "-m", "app", "migrate", "--down", "app_0002", DATABASE_URL=database)
    run("ruff", "check", "app/migrations")
    run("ruff", "format", "--check", "app/migrations")
