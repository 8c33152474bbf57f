"""A project of each released version takes the newest one, and keeps the edits of its team."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from scaffold.base.git import Repository
from scaffold.base.versions import versions
from tests.scaffold.updates.conftest import made
from tests.scaffold.updates.older_project import OlderProject
from tests.support.project_copy import CHECKS, copy_what_mypy_knows, run_in
from tests.support.server import ROOT

MODULE: Final = ("module", "add", "remark", "title:str.80", "stars:int:sort")
CALLS: Final = "app/modules/remark/application/latest.py"


@dataclass(frozen=True, kw_only=True)
class Edits:
    """What a team changed in a project of a version, and what it is after the update."""

    beside: tuple[str, str, str]
    """A file, a line of it that the base changes, and the line that it is afterwards."""
    renamed: tuple[str, str]
    """A file that the base moves, and where to."""
    removed: tuple[str, str]
    """A file that the base moves, too."""
    call: tuple[str, str]
    """How code of the team calls the base, before and afterwards."""


BY_VERSION: Final = {
    "0.1.0": Edits(
        beside=(
            "app/core/security.py",
            "            forget_oldest(self._verified, most=self.REMEMBERED)\n",
            "            evict_oldest(self._verified, most=self.REMEMBERED)\n",
        ),
        renamed=("app/core/recent.py", "app/core/caches.py"),
        removed=("tests/unit/core/test_recent.py", "tests/unit/core/test_caches.py"),
        call=("core.recent import forget_oldest", "core.caches import evict_oldest"),
    ),
}
LINE: Final = "            # Ours: a token is verified once.\n"
FUNCTION: Final = '''

def newest(remembered: OrderedDict[Any, Any]) -> Any:
    """Return what was remembered last."""
    return next(reversed(remembered))
'''
LATEST: Final = '''\
"""The titles of the latest remarks."""

from collections import OrderedDict

from app.{call}


def add(titles: OrderedDict[str, None], title: str) -> None:
    """Remember a title, and forget the oldest."""
    titles[title] = None
    {function}(titles, most=10)
'''


def latest(call: str) -> str:
    return LATEST.format(call=call, function=call.rsplit(maxsplit=1)[-1])


def test_each_version_that_was_followed_by_another_has_edits(base: Repository) -> None:
    assert {each.name for each in versions(base, "HEAD")[:-1]} <= set(BY_VERSION)


@pytest.fixture(
    scope="module", params=[(name, bare) for name in BY_VERSION for bare in (False, True)], ids=str
)
def edited(
    request: pytest.FixtureRequest, base: Repository, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Edits]:
    """A project of a version in which a module was registered, and each kind of edit was made."""
    name, bare = request.param
    root = made(base, tmp_path_factory.mktemp("edited"), name, bare=bare)
    run_in(root, "python", "-m", "scaffold", *MODULE)
    edits = BY_VERSION[name]
    (root / CALLS).write_text(latest(edits.call[0]), "utf-8")
    path, line, _ = edits.beside
    text = (root / path).read_text("utf-8")
    (root / path).write_text(text.replace(line, LINE + line), "utf-8")
    with (root / edits.renamed[0]).open("a", encoding="utf-8") as file:
        file.write(FUNCTION)
    (root / edits.removed[0]).unlink()
    git = Repository(root).git
    git("add", "--all")
    git("commit", "--quiet", "--message=Ours")
    return root, edits


@pytest.fixture
def project(
    edited: tuple[Path, Edits],
    base: Repository,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> OlderProject:
    monkeypatch.chdir(edited[0])
    return OlderProject(edited[0], capfd, base=base)


def test_the_content_of_each_edit_is_there_after_the_update(
    project: OlderProject, edited: tuple[Path, Edits], tmp_path: Path
) -> None:
    edits = edited[1]
    before = project.read("app/container.py")
    where = {"APP_ENV": "test", "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}
    run_in(project.root, "python", "-m", "app", "migrate", **where)
    project.updates()
    path, _, line = edits.beside
    assert LINE + line in project.read(path)
    assert not (project.root / edits.renamed[0]).exists()
    assert project.read(edits.renamed[1]).endswith(FUNCTION)
    assert project.read(CALLS) == latest(edits.call[1])
    assert not any((project.root / each).exists() for each in edits.removed)
    assert f"stay removed:\n  {edits.removed[0]}\n" in project.out
    assert project.read("app/container.py") == before
    assert "RemarkContainer" in before
    assert "/api/v1/remarks" in json.loads(project.read("docs/api/openapi.json"))["paths"]
    assert project.git("status", "--porcelain") == ""
    run_in(project.root, "python", "-m", "app", "migrate", **where)
    run_in(project.root, "python", "-m", "app", "migrate", "--check", **where)


@pytest.mark.parametrize("check", CHECKS)
def test_the_updated_project_passes_each_check(project: OlderProject, check: str) -> None:
    assert project.branch.startswith("update-base-")
    if check == "mypy":
        copy_what_mypy_knows(project.root)
    if not (project.root / ".venv").exists():
        (project.root / ".venv").symlink_to(ROOT / ".venv")
    run_in(project.root, *check.split())


def test_the_tests_of_the_updated_project_pass(project: OlderProject) -> None:
    tests = ("tests/unit/remark", "tests/e2e/remark", "tests/unit/architecture")
    run_in(project.root, "pytest", "-q", "-n", "2", "-m", "not thorough", *tests)
