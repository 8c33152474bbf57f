"""Later versions are merged: what the base changed comes, and what the project changed stays."""

from typing import Any

import pytest

from scaffold.updates import update
from scaffold.updates.merging import pick
from scaffold.updates.underway import Underway
from tests.scaffold.updates.line import (
    ADDED,
    CHANGED,
    MOVED,
    NEW_FOLDER,
    OLD_FOLDER,
    OWN,
    REMOVED,
    RENAMED,
    TO_BE_REMOVED,
    lines,
)
from tests.scaffold.updates.older_project import OlderProject


def test_each_version_between_is_a_commit_with_its_notes(project: OlderProject) -> None:
    project.updates()
    assert project.branch == "update-base-7.3.0"
    subjects = project.git("log", "--format=%s").splitlines()
    assert subjects[:2] == ["Update the base to 7.3.0", "Update the base to 7.2.0"]
    assert project.git("log", "-1", "--format=%an %cn %B", "HEAD~1").strip() == (
        "Alicerce Ana Example Update the base to 7.2.0\n\n"
        "Changed:\n\nFor developers:\n\n- **Line 3** says something else."
    )
    assert project.read(CHANGED) == lines(_3="Changed in 7.2.0.", _9="Changed in 7.3.0.")
    assert 'version = "7.3.0"' in project.read(".alicerce/project.toml")
    assert "git switch main && git merge update-base-7.3.0" in project.out


def test_an_update_goes_to_the_version_that_is_named(project: OlderProject) -> None:
    project.updates("--to", "v7.2.0")
    assert project.read(CHANGED) == lines(_3="Changed in 7.2.0.")
    assert not (project.root / ADDED).exists()


def test_an_update_after_an_update_begins_where_that_ended(project: OlderProject) -> None:
    project.updates("--to", "7.2.0")
    project.git("switch", "--quiet", "main")
    project.git("merge", "--quiet", "update-base-7.2.0")
    project.updates()
    assert project.git("log", "--format=%s", "main..").strip() == "Update the base to 7.3.0"


def test_changes_of_the_project_stay_where_the_base_changed_other_lines(
    project: OlderProject,
) -> None:
    project.write(CHANGED, lines(_6="Mine."))
    project.write(RENAMED, lines(_1="To be renamed.", _6="Mine."))
    project.commit()
    project.updates()
    assert project.read(CHANGED) == lines(
        _3="Changed in 7.2.0.", _6="Mine.", _9="Changed in 7.3.0."
    )
    assert project.read(MOVED) == lines(_1="To be renamed.", _3="Changed in 7.2.0.", _6="Mine.")
    assert not (project.root / RENAMED).exists()


def test_a_file_that_the_project_moved_gets_the_changes_of_the_base(project: OlderProject) -> None:
    project.git("mv", CHANGED, "docs/mine.md")
    project.commit()
    project.updates()
    assert project.read("docs/mine.md") == lines(_3="Changed in 7.2.0.", _9="Changed in 7.3.0.")
    assert not (project.root / CHANGED).exists()


def test_files_of_the_project_are_never_changed(project: OlderProject) -> None:
    own = ("README.md", "CHANGELOG.md", *OWN)
    project.write("README.md", "# Ours\n")
    project.git("rm", "--quiet", "CHANGELOG.md")
    project.commit()
    before = project.repository.ids("main", *own)
    project.updates()
    assert project.repository.ids("HEAD", *own) == before


def test_a_file_of_the_project_in_a_folder_that_the_base_moves_stays(project: OlderProject) -> None:
    project.write(f"{OLD_FOLDER}/ours.md", "Ours.\n")
    project.replace(f"{OLD_FOLDER}/one.md", "Line 6 of the base.", "Mine.")
    project.commit()
    project.updates()
    assert project.read(f"{OLD_FOLDER}/ours.md") == "Ours.\n"
    assert project.read(f"{NEW_FOLDER}/one.md") == lines(_1="The page one.", _6="Mine.")


@pytest.mark.parametrize("path", [CHANGED, RENAMED])
def test_a_file_that_the_project_removed_stays_removed_and_is_listed(
    project: OlderProject, path: str
) -> None:
    project.git("rm", "--quiet", path)
    project.commit()
    project.updates()
    assert f"You removed these files, and they stay removed:\n  {path}\n" in project.out
    assert not (project.root / path).exists()
    assert not (project.root / MOVED).exists() or path != RENAMED


# --- Conflicts ----------------------------------------------------------------------------------


def test_conflicts_are_named_and_the_update_goes_on_when_they_are_resolved(
    project: OlderProject,
) -> None:
    project.write(CHANGED, lines(_3="Mine."))
    project.write(REMOVED, f"{TO_BE_REMOVED}Mine.\n")
    project.commit()
    said = project.stops()
    assert "The base 7.2.0 and your changes have conflicts:" in said
    assert f"{CHANGED}  changed on both sides" in said
    assert f"{REMOVED}  changed here, removed by the base" in said
    assert "<<<<<<<" in project.read(CHANGED)
    assert project.read(REMOVED) == f"{TO_BE_REMOVED}Mine.\n"
    project.write(CHANGED, lines(_3="Mine and theirs."))
    project.git("add", CHANGED, REMOVED)
    assert project.run("update --continue") == 0, project.err
    assert project.read(CHANGED) == lines(_3="Mine and theirs.", _9="Changed in 7.3.0.")
    assert project.read(REMOVED) == f"{TO_BE_REMOVED}Mine.\n"
    for version in ("7.2.0", "7.3.0"):
        assert f"The base {version} is in the branch update-base-7.3.0.\n" in project.out
    log = project.git("log", "--format=%B", "-2")
    assert "# Conflicts" not in log
    assert "- **Line 3** says something else." in log
    assert project.git("status", "--porcelain") == ""


def test_a_developer_may_commit_the_resolved_version(project: OlderProject) -> None:
    project.write(CHANGED, lines(_3="Mine."))
    project.commit()
    project.stops()
    project.write(CHANGED, lines(_3="Both."))
    project.git("commit", "--quiet", "--all", "--no-edit")
    assert project.run("update --continue") == 0, project.err
    assert project.read(CHANGED) == lines(_3="Both.", _9="Changed in 7.3.0.")


def test_abort_brings_back_the_branch_and_the_tree(project: OlderProject) -> None:
    project.write(CHANGED, lines(_9="Mine."))
    project.commit()
    project.write("notes.txt", "of Ana")
    before = (project.hash(), project.git("rev-parse", "HEAD"), project.git("branch"))
    assert "The base 7.3.0 and your changes" in project.stops("--yes")
    assert project.hash() != before[0]
    assert project.run("update --abort") == 0, project.err
    assert (project.hash(), project.git("rev-parse", "HEAD"), project.git("branch")) == before
    assert project.branch == "main"
    project.stops("--yes")


# --- In the middle ------------------------------------------------------------------------------


def test_ctrl_c_in_the_middle_takes_all_back(
    project: OlderProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any) -> None:
        pick(*arguments)
        raise KeyboardInterrupt

    before = (project.hash(), project.git("branch"))
    monkeypatch.setattr(update, "pick", interrupted)
    assert project.update() == 130
    assert (project.hash(), project.git("branch")) == before
    assert Underway.read(project.repository) is None


@pytest.mark.parametrize("has_branch", [False, True])
def test_a_killed_update_can_be_aborted(project: OlderProject, *, has_branch: bool) -> None:
    before = (project.hash(), project.git("branch"))
    branch = "update-base-7.3.0"
    Underway(project_branch="main", branch=branch, base="/base", to="HEAD").write(
        project.repository
    )
    if has_branch:
        project.git("switch", "--quiet", "--create", branch)
        project.write(CHANGED, "Half.\n")
        project.git("add", CHANGED)
    assert "write --continue after" in project.refuses("update")
    project.does("update --abort")
    assert (project.hash(), project.git("branch")) == before
