"""A copy of the project with the module of docs/examples/invoice."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.support.project_copy import copy_project, register, run_in
from tests.support.server import ROOT, Command

EXAMPLE: Final = ROOT / "docs/examples/invoice"
IMPORT: Final = "from app.modules.invoice.container import InvoiceContainer\n"
LINE: Final = "    invoice = module(InvoiceContainer)\n"

Run = Callable[..., str]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, with nothing more than README.md of the example tells to do."""
    if (ROOT / "app/modules/invoice").exists():
        pytest.skip("this project has a module of that name itself")
    project = copy_project(tmp_path_factory.mktemp("examples") / "project")
    for folder in ("app", "tests"):
        shutil.copytree(EXAMPLE / folder, project / folder, dirs_exist_ok=True)
    register(project, IMPORT, LINE)
    return project


@pytest.fixture(scope="module")
def run(project: Path, another_database: Callable[[str, str], str]) -> Run:
    """Run a command of the environment in the copy. It has to succeed."""
    database = another_database("postgresql", "example")
    run = partial(run_in, project, APP_ENV="test", TEST_DATABASE_URL=database)
    run("python", "-m", "app", "openapi", "--write")
    return run


@pytest.fixture
def command(project: Path, tmp_path: Path) -> Command:
    """`python -m app …` of the copy, in an empty folder."""
    return Command(tmp_path, {"PYTHONPATH": str(project)}, is_exec=True)
