"""The tool of the newer version does the update, and runs the codemods of its version."""

from pathlib import Path

import pytest

from scaffold.base.git import Repository
from scaffold.updates.underway import Underway
from tests.scaffold.conftest import clone_of
from tests.scaffold.test_new import release
from tests.scaffold.updates.line import CHANGED, lines
from tests.scaffold.updates.older_project import OlderProject

CODEMOD = """\
from scaffold.codemods.renames import renamed_name

EDITS = (renamed_name("app.core.caches", "evict_oldest", "evict_first"),)
"""
SECURITY = "app/core/security.py"
CALLS = "app/modules/ours/calls.py"


@pytest.fixture
def newer(line: Repository, project: OlderProject, tmp_path: Path) -> OlderProject:
    """A project whose base has a version more, with a codemod and another message of the tool."""
    clone = clone_of(line.folder, tmp_path / "newer")
    (clone.folder / "scaffold/codemods/v7_4_0.py").write_text(CODEMOD)
    told = clone.folder / "scaffold/updates/told.py"
    told.write_text(told.read_text().replace("Look at the branch", "LOOK AT THE BRANCH"))
    caches = clone.folder / "app/core/caches.py"
    caches.write_text(caches.read_text().replace("evict_oldest", "evict_first"))
    security = clone.folder / SECURITY
    changed = security.read_text().replace("evict_oldest", "evict_first")
    security.write_text(changed.replace("most=self.REMEMBERED)", "most=2 * self.REMEMBERED)"))
    release(clone, "7.4.0")
    project.base = clone
    return project


def test_codemods_run_before_the_merge_as_a_commit_of_their_own(newer: OlderProject) -> None:
    newer.write(CALLS, "from app.core.caches import evict_oldest\n\nevict_oldest({}, most=1)\n")
    newer.write("app/core/caches.py", newer.read("app/core/caches.py") + "\n\nOURS = 1\n")
    newer.write(SECURITY, newer.read(SECURITY) + "\n\nOURS = 1\n")
    newer.commit()
    newer.updates()
    assert newer.read(CALLS) == (
        "from app.core.caches import evict_first\n\nevict_first({}, most=1)\n"
    )
    assert "def evict_first(" in newer.read("app/core/caches.py")
    assert "OURS = 1" in newer.read("app/core/caches.py")
    assert "evict_first(self._verified, most=2 * self.REMEMBERED)" in newer.read(SECURITY)
    subjects = newer.git("log", "--format=%s", "-2").splitlines()
    assert subjects == ["Update the base to 7.4.0", "Call the base as 7.4.0 needs it"]
    codemods = newer.git("show", "--format=%an", "--name-only", "HEAD~1").splitlines()
    assert codemods == [
        "Ana Example",
        "",
        SECURITY,
        CALLS,
        "app/modules/task/application/quotas.py",
    ]
    assert "LOOK AT THE BRANCH" in newer.out


def test_what_a_codemod_cannot_change_is_left_to_do(newer: OlderProject) -> None:
    newer.write(CALLS, "NAME = 'app.core.caches' '.evict_oldest'\n")
    newer.commit()
    newer.updates()
    assert (
        f"Left to do, then commit it:\n  {CALLS}: app.core.caches.evict_oldest is now" in newer.out
    )
    assert newer.read(CALLS) == "NAME = 'app.core.caches' '.evict_oldest'\n"


def test_the_newer_tool_goes_on_too(newer: OlderProject) -> None:
    newer.write(CHANGED, lines(_3="Mine."))
    newer.commit()
    assert "--continue" in newer.stops()
    newer.write(CHANGED, lines(_3="Both."))
    newer.git("add", CHANGED)
    newer.does("update --continue")
    assert "LOOK AT THE BRANCH" in newer.out
    assert "def evict_first(" in newer.read("app/core/caches.py")
    newer.git("switch", "--quiet", "main")
    assert newer.run("update --dry-run --from", str(newer.base.folder)) == 2


def test_an_address_is_remembered_and_a_folder_is_not(project: OlderProject) -> None:
    record = ".alicerce/project.toml"
    address = f"file://{project.base.folder}"
    project.updates("--to", "7.2.0")
    assert "[update]" not in project.read(record)
    project.git("switch", "--quiet", "main")
    project.git("branch", "--quiet", "-D", "update-base-7.2.0")
    project.does("update --to 7.2.0 --from", address)
    assert project.read(record).endswith(f'"\n\n[update]\nfrom = "{address}"\n')
    project.does("update")
    assert 'version = "7.3.0"' in project.read(record)
    assert project.read(record).count("[update]") == 1
    project.does("status")
    assert "There is no newer version." in project.out


def test_an_address_with_a_password_is_not_remembered() -> None:
    def remembers(address: str) -> str | None:
        return Underway(project_branch="main", branch="x", base=address, to="x").remembers

    assert remembers("https://token@example.com/base.git") is None
    assert remembers("ssh://ana:secret@example.com/base.git") is None
    for address in ("https://example.com/base.git", "git@example.com:base.git"):
        assert remembers(address) == address
