"""A copy of the project with the module of docs/examples/invoice."""

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.support.project_copy import run_in
from tests.support.server import ROOT, Command

EXAMPLE: Final = ROOT / "docs/examples/invoice"
IMPORT: Final = "from app.modules.invoice.container import InvoiceContainer\n"
LINE: Final = "    invoice = module(InvoiceContainer)\n"

Run = Callable[..., None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, with nothing more than README.md of the example tells to do."""
    project = tmp_path_factory.mktemp("examples") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - the developer's own
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)  # the cache of mypy goes by times
    for folder in ("app", "tests"):
        shutil.copytree(EXAMPLE / folder, project / folder, dirs_exist_ok=True)
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", project / ".mypy_cache")
    container = project / "app/container.py"
    before, first, after = container.read_text(encoding="utf-8").partition("from app.modules.")
    container.write_text(before + IMPORT + first + after + LINE, encoding="utf-8")
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
