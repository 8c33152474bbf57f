"""Projects that were made from an older version of the base."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.base.git import Repository
from scaffold.base.new import make_project
from tests.scaffold.updates.line import three_versions
from tests.scaffold.updates.older_project import OlderProject

Copied = Callable[[Path, Repository], OlderProject]


@pytest.fixture
def copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Copied:
    """Copy a project, and go into the copy."""

    def copy(made: Path, base: Repository) -> OlderProject:
        shutil.copytree(made, tmp_path / "shop")
        monkeypatch.chdir(tmp_path / "shop")
        return OlderProject(tmp_path / "shop", capfd, base=base)

    return copy


def made(base: Repository, folder: Path, version: str, *, bare: bool = False) -> Path:
    make_project(folder / "shop", "Shop", to=version, bare=bare, base=str(base.folder))
    project = Repository(folder / "shop")
    project.git("config", "user.name", "Ana Example")
    project.git("config", "user.email", "ana@example.com")
    return project.folder


@pytest.fixture(scope="session")
def made_first(base: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(base, tmp_path_factory.mktemp("first"), "0.1.0")


@pytest.fixture
def first(made_first: Path, base: Repository, copied: Copied) -> OlderProject:
    """A project of 0.1.0."""
    return copied(made_first, base)


@pytest.fixture(scope="session")
def line(base: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A base with the versions 7.1.0, 7.2.0 and 7.3.0."""
    return three_versions(base, tmp_path_factory.mktemp("line") / "base")


@pytest.fixture(scope="session")
def made_of_line(line: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(line, tmp_path_factory.mktemp("of_line"), "7.1.0")


@pytest.fixture
def project(made_of_line: Path, line: Repository, copied: Copied) -> OlderProject:
    """A project of 7.1.0; the working folder is in it."""
    return copied(made_of_line, line)
