"""What cannot be is refused with what to write instead, and the project stays as it was."""

from pathlib import Path
from typing import Final

import pytest

from scaffold.base.git import Repository
from scaffold.base.new import make_project
from tests.scaffold.conftest import clone_of
from tests.scaffold.updates.line import CHANGED, lines
from tests.scaffold.updates.older_project import OlderProject

RECORD: Final = ".alicerce/project.toml"


def refused(project: OlderProject, *more: str) -> str:
    """Give a command that has to be refused; return why. Git knows nothing new either."""
    before = (project.git("rev-parse", "HEAD"), project.git("branch", "--all"))
    said = project.refuses("update", *more)
    assert (project.git("rev-parse", "HEAD"), project.git("branch", "--all")) == before
    return said


@pytest.fixture
def place(project: OlderProject) -> str:
    return str(project.base.folder)


# --- The project --------------------------------------------------------------------------------


def test_changes_that_are_not_committed_are_refused(project: OlderProject, place: str) -> None:
    project.write(CHANGED, "Mine.\n")
    said = refused(project, "--from", place, "--yes")
    assert "--abort would lose them. Commit them:\n  docs/guide/changed.md\n" in said
    project.git("checkout", "--quiet", ".")
    project.write("notes.txt", "Mine.\n")
    assert "Commit them, or write --yes:\n  notes.txt\n" in refused(project, "--from", place)
    project.updates("--yes")
    assert project.git("status", "--porcelain") == "?? notes.txt\n"


def test_a_file_that_git_does_not_know_is_kept(project: OlderProject, place: str) -> None:
    project.write("docs/guide/added.md", "Mine.\n")
    said = refused(project, "--from", place, "--yes")
    assert "nothing was changed, because git failed" in said
    assert "docs/guide/added.md" in said


def test_a_folder_that_is_no_made_project_is_refused(
    project: OlderProject, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "go into such a project, or make one with `new`" in refused(project, "--from", place)
    monkeypatch.chdir(place)
    assert "is in no project that was made from this base" in refused(project)


def test_a_project_in_a_folder_of_a_repository_is_refused(
    project: OlderProject, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "shop").mkdir()
    project.git("mv", "-k", *(p.name for p in project.root.iterdir() if p.name != "shop"), "shop")
    project.commit()
    monkeypatch.chdir(project.root / "shop")
    assert "needs a project that is a repository of its own" in refused(project, "--from", place)


def test_a_project_that_is_no_repository_is_refused(project: OlderProject, place: str) -> None:
    (project.root / ".git").rename(project.root.parent / "git")
    said = project.refuses("update", "--from", place)
    assert "write: git init && git add . && git commit" in said


def test_a_project_without_a_branch_is_refused(project: OlderProject, place: str) -> None:
    project.git("checkout", "--quiet", "--detach")
    assert "check one out, such as `git switch main`" in refused(project, "--from", place)


def test_a_project_in_the_middle_of_a_merge_is_refused(project: OlderProject, place: str) -> None:
    project.git("switch", "--quiet", "--create", "other")
    project.git("commit", "--quiet", "--allow-empty", "--message=One")
    project.git("switch", "--quiet", "main")
    project.git("merge", "--quiet", "--no-ff", "--no-commit", "other")
    said = refused(project, "--from", place)
    assert "a merge is under way: end it first, as `git status` says" in said


def test_a_record_that_cannot_be_read_is_refused(project: OlderProject, place: str) -> None:
    project.replace(RECORD, "[base]", "[bas]")
    project.commit()
    assert f"which `git log -p {RECORD}` shows" in refused(project, "--from", place)
    project.write(RECORD, "[[")
    project.commit()
    assert f"{RECORD} cannot be read" in refused(project, "--from", place)


def test_a_developer_whom_git_does_not_know_is_told_what_to_write(
    project: OlderProject, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("user.name", "user.email"):
        project.git("config", "--unset", name)
    project.git("config", "user.useConfigOnly", "true")
    monkeypatch.setenv("HOME", str(project.root.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(project.root.parent))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert "write: git config user.name 'Your name' &&" in refused(project, "--from", place)


def test_without_a_new_enough_git_the_command_says_what_to_install(
    project: OlderProject, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert "install git 2.28 or newer" in project.refuses("update", "--from", place)
    for version, command, wanted in (
        ("2.20.1", "update", "2.28"),
        ("2.34.1", "status", "2.38"),
        ("2.34.1", "update --dry-run", "2.38"),
    ):
        (programs / "git").write_text(f"#!/bin/sh\necho git version {version}\n")
        (programs / "git").chmod(0o755)
        said = project.refuses(command, "--from", place)
        assert said == f"git version {version} is too old: install git {wanted} or newer\n"


# --- The base -----------------------------------------------------------------------------------


def test_a_version_that_is_not_there_is_refused(project: OlderProject, place: str) -> None:
    said = refused(project, "--from", place, "--to", "9.9.9")
    assert "there is no version 9.9.9: name one of the base's (0.1.0, " in said


def test_a_version_that_is_older_is_refused(project: OlderProject, place: str) -> None:
    said = refused(project, "--from", place, "--to", "0.1.0")
    assert said.startswith("0.1.0 is older than 7.1.0, which the project has")
    assert "name a newer one with --to" in said


def test_a_base_without_the_version_of_the_project_is_refused(project: OlderProject) -> None:
    other = clone_of(project.base.folder, project.root.parent / "other")
    other.git("reset", "--quiet", "--hard", "HEAD~3")
    bundle = str(project.root.parent / "older.bundle")
    other.git("bundle", "create", "--quiet", bundle, "HEAD")
    said = refused(project, "--from", bundle)
    assert said.startswith("the project was made from 7.1.0 (")
    assert "name the base that the project came from with --from" in said


def test_what_is_no_base_is_refused(project: OlderProject, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    other.folder.mkdir()
    assert "is no clone of the base" in refused(project, "--from", str(other.folder))
    other.git("init", "--quiet")
    assert "name the base that the project came from with --from" in refused(
        project, "--from", str(other.folder)
    )
    missing = refused(project, "--from", str(tmp_path / "missing"))
    assert "missing cannot be read as a base" in missing
    make_project(tmp_path / "made", "Made", base=str(project.base.folder))
    assert "that was made from a base" in refused(project, "--from", str(tmp_path / "made"))


def test_a_shallow_clone_is_refused(project: OlderProject, place: str, tmp_path: Path) -> None:
    shallow = str(tmp_path / "shallow")
    project.git("clone", "--quiet", "--depth=1", f"file://{place}", shallow)
    assert "run `git fetch --unshallow` in it first" in refused(project, "--from", shallow)


# --- Under way ----------------------------------------------------------------------------------


def test_there_is_nothing_to_go_on_with_or_to_go_back_from(project: OlderProject) -> None:
    for option in ("--continue", "--abort"):
        said = refused(project, option)
        assert said == f"no update is under way: write `update` without {option} to begin one\n"
    assert "write one of" in refused(project, "--continue", "--abort")


def test_a_branch_of_an_earlier_update_is_kept(project: OlderProject, place: str) -> None:
    project.git("branch", "update-base-7.3.0")
    said = refused(project, "--from", place)
    assert "merge it, or remove it with `git branch -D update-base-7.3.0`" in said


@pytest.fixture
def stopped(project: OlderProject) -> OlderProject:
    """A project whose update has a conflict."""
    project.write(CHANGED, lines(_3="Mine."))
    project.commit()
    project.stops()
    return project


def test_a_second_update_is_refused(stopped: OlderProject) -> None:
    said = refused(stopped, "--from", str(stopped.base.folder))
    assert "an update is under way on the branch update-base-7.3.0: write --continue" in said


def test_conflicts_that_are_left_are_refused(stopped: OlderProject) -> None:
    said = refused(stopped, "--continue")
    assert "write `git add FILE`, or `git rm FILE` to remove it:" in said
    assert f"{CHANGED}: changed on both sides" in said
    stopped.git("add", CHANGED)
    said = refused(stopped, "--continue")
    assert f"<<<<<<< or >>>>>>>; edit each and write `git add FILE`:\n  {CHANGED}\n" in said
    stopped.write(CHANGED, lines(_3="Both."))
    said = refused(stopped, "--continue")
    assert "have changes that are not added" in said
    stopped.git("add", CHANGED)
    stopped.does("update --continue")


def test_an_update_on_another_branch_is_not_continued(stopped: OlderProject) -> None:
    stopped.git("checkout", "--quiet", "--force", "main")
    assert "write `git switch update-base-7.3.0`" in refused(stopped, "--continue")
    stopped.does("update --abort")
    assert stopped.branch == "main"
