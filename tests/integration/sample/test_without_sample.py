"""A copy without the sample is a whole project: its checks pass, and no task is left in it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.project_copy import CHECKS, run_in
from tests.support.server import ROOT

# The rest of `make test` takes minutes, and asks nothing of the documents or of the modules' list.
TESTS: Final = ("tests/unit", "tests/e2e/contract", "tests/e2e/composition")

# A line of a document, and a file of code, may have tasks of these libraries.
OF_A_LIBRARY: Final = re.compile(
    r"asyncio|await task|task group|background_?task|celery", re.IGNORECASE
)
TASK: Final = re.compile(r"(?<!micro)task|tarefa", re.IGNORECASE)
OF_THE_SAMPLE: Final = re.compile(r"modules[./]task|/tasks|task:(read|write)|TaskContainer")
FOLDERS: Final = (".ci", ".github", "app", "bench", "docs", "scripts", "tests")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("without") / "project"
    run_in(ROOT, "python", "scripts/without_sample.py", folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@pytest.mark.parametrize("check", CHECKS)
def test_the_copy_passes_each_check(project: Path, check: str) -> None:
    run_in(project, *check.split())


def test_the_copy_has_a_database_that_fits_its_models(project: Path, tmp_path: Path) -> None:
    where = {"APP_ENV": "test", "DATABASE_URL": f"sqlite:///{tmp_path / 'copy.db'}"}
    run_in(project, "python", "-m", "app", "migrate", **where)
    run_in(project, "python", "-m", "app", "migrate", "--check", **where)


def test_the_tests_of_the_copy_pass(project: Path) -> None:
    run_in(project, "pytest", "-q", "-m", "not thorough", *TESTS)


def test_no_task_is_left_in_the_copy(project: Path) -> None:
    files = [
        *project.iterdir(),
        *(path for folder in FOLDERS for path in (project / folder).rglob("*")),
    ]
    texts = [path for path in files if path.is_file() and path.suffix != ".pyc"]
    assert len(texts) > 500
    left = {str(path.relative_to(project)): found for path in texts if (found := tasks_in(path))}
    assert left == {}


def test_a_folder_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    command = (sys.executable, "scripts/without_sample.py", str(tmp_path))
    done = subprocess.run(  # noqa: S603 - our own script
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} is there already: name a folder that does not exist yet\n"
    assert list(tmp_path.iterdir()) == []


def tasks_in(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py" and OF_A_LIBRARY.search(text):
        return [line for line in text.splitlines() if OF_THE_SAMPLE.search(line)]
    lines = (line for line in text.splitlines() if TASK.search(line))
    return [line for line in lines if not OF_A_LIBRARY.search(line)]
