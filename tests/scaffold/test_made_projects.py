"""A made project is whole: with the sample and without it, its checks pass and its service runs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx2
import pytest

from scaffold.base.git import Repository
from scaffold.base.new import make_project
from tests.support.project_copy import CHECKS, copy_what_mypy_knows, run_in
from tests.support.server import ROOT, Command, answering

NAME: Final = "Pedidos à vista"

# A line of a document, and a file of code, may have tasks of these libraries.
OF_A_LIBRARY: Final = re.compile(
    r"asyncio|await task|task group|background_?task|celery", re.IGNORECASE
)
TASK: Final = re.compile(r"(?<!micro)task|tarefa", re.IGNORECASE)
OF_THE_SAMPLE: Final = re.compile(r"modules[./]task|/tasks|task:(read|write)|TaskContainer")


@pytest.fixture(scope="module", params=["full", "bare"])
def project(
    request: pytest.FixtureRequest, base: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return made(base, tmp_path_factory.mktemp("made"), bare=request.param == "bare")


@pytest.fixture(scope="module")
def bare(base: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(base, tmp_path_factory.mktemp("bare"), bare=True)


def made(base: Repository, folder: Path, *, bare: bool) -> Path:
    """Make a project, and give it this project's environment and what mypy knows already."""
    project = folder / "project"
    make_project(project, NAME, bare=bare, base=str(base.folder))
    (project / ".venv").symlink_to(ROOT / ".venv")
    copy_what_mypy_knows(project)
    return project


@pytest.mark.parametrize("check", CHECKS)
def test_the_project_passes_each_check(project: Path, check: str) -> None:
    run_in(project, *check.split())


def test_the_project_has_a_database_that_fits_its_models(project: Path, tmp_path: Path) -> None:
    where = {"APP_ENV": "test", "DATABASE_URL": f"sqlite:///{tmp_path / 'project.db'}"}
    run_in(project, "python", "-m", "app", "migrate", **where)
    run_in(project, "python", "-m", "app", "migrate", "--check", **where)


def test_the_tests_of_the_project_pass(project: Path) -> None:
    run_in(project, "pytest", "-q", "-n", "2", "-m", "not thorough")


@pytest.fixture
def address(project: Path, tmp_path: Path) -> Iterator[str]:
    """Where the project's service answers."""
    command = Command(tmp_path, {"PYTHONPATH": str(project)}, is_exec=True)
    with answering(command) as (service, port):
        yield f"http://127.0.0.1:{port}"
        assert service.stop() == 0


def test_the_service_of_the_project_has_its_name(address: str, tmp_path: Path) -> None:
    assert httpx2.get(f"{address}/openapi.json").json()["info"]["title"] == NAME
    assert (tmp_path / "data/pedidos_a_vista.db").exists()


# --- Without the sample -------------------------------------------------------------------------


def test_no_task_is_left_in_a_project_without_the_sample(bare: Path) -> None:
    files = Repository(bare).tree("HEAD")
    assert len(files) > 900
    texts = {path: file.content.decode() for path, file in files.items()}
    of_the_tool = ("scaffold/", "docs/scaffold/")
    left = {path: found for path, text in texts.items() if (found := tasks_in(path, text))}
    assert {path: found for path, found in left.items() if not path.startswith(of_the_tool)} == {}


def tasks_in(path: str, text: str) -> list[str]:
    if path.endswith(".py") and OF_A_LIBRARY.search(text):
        return [line for line in text.splitlines() if OF_THE_SAMPLE.search(line)]
    lines = (line for line in text.splitlines() if TASK.search(line))
    return [line for line in lines if not OF_A_LIBRARY.search(line)]
