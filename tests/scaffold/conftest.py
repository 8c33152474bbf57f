"""Clones of the base, from which tests make projects, and a small project to change."""

import shutil
import subprocess
from pathlib import Path

import pytest

from scaffold.base.git import Repository
from scaffold.working_tree import files
from tests.scaffold import small_project
from tests.scaffold.small_project import SmallProject
from tests.support.server import ROOT

BY = ("-c", "user.name=Ana Example", "-c", "user.email=ana@example.com")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone of this repository; its last commit has what is not committed here too."""
    clone = clone_of(ROOT, tmp_path_factory.mktemp("base") / "clone")
    here = files(ROOT)
    for path in clone.tree("HEAD").keys() - set(here):
        (clone.folder / path).unlink()
    for path in here:
        (clone.folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, clone.folder / path)
    commit(clone, "What is not committed yet")
    return clone


def clone_of(repository: Path, folder: Path) -> Repository:
    """Clone into a folder; the branch is main wherever the original's HEAD is."""
    command = ("git", "clone", "--quiet", "--no-hardlinks", repository, folder)
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own repository
    clone = Repository(folder)
    clone.git("checkout", "--quiet", "-B", "main")
    return clone


def commit(repository: Repository, message: str) -> None:
    repository.git("add", "--all")
    repository.git(*BY, "commit", "--quiet", "--allow-empty", f"--message={message}")


@pytest.fixture(scope="session")
def made_small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project.make(tmp_path_factory.mktemp("small") / "project")


@pytest.fixture(scope="session")
def made_with_invoices(made_small_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("invoices") / "project"
    shutil.copytree(made_small_project, root)
    small_project.add_invoices(root)
    return root


@pytest.fixture
def project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> SmallProject:
    """A small project; the working folder is in it."""
    name = "made_with_invoices" if "added" in request.fixturenames else "made_small_project"
    root = tmp_path / "project"
    shutil.copytree(request.getfixturevalue(name), root)
    monkeypatch.chdir(root)
    return SmallProject(root, capsys)


@pytest.fixture
def added(project: SmallProject) -> SmallProject:
    """A small project with a module of invoices, committed."""
    return project
