"""`status` and `--dry-run` say what an update would do, and change nothing."""

import json
from typing import Any

import pytest

from tests.scaffold.updates.line import CHANGED, MOVED, REMOVED, RENAMED, lines
from tests.scaffold.updates.older_project import OlderProject


@pytest.fixture
def edited(project: OlderProject) -> OlderProject:
    """A project with one change of each kind."""
    project.write(CHANGED, lines(_3="Mine."))
    project.write("README.md", "# Ours\n")
    project.write("docs/ours.md", "Ours.\n")
    project.git("rm", "--quiet", RENAMED)
    project.commit()
    return project


def asked(project: OlderProject, command: str) -> str:
    """Ask something; nothing may change, not even the branches."""
    before = (project.hash(), project.git("for-each-ref", "refs/heads"), project.branch)
    project.does(command, "--from", str(project.base.folder))
    assert (project.hash(), project.git("for-each-ref", "refs/heads"), project.branch) == before
    return project.out


def test_status_names_what_was_changed_and_what_would_conflict(edited: OlderProject) -> None:
    said = asked(edited, "status")
    assert said.startswith("This project has the base 7.1.0, commit ")
    assert f"Files of the base that you changed:\n  {CHANGED}\n" in said
    assert f"Files of the base that you removed:\n  {RENAMED}\n" in said
    assert "7.2.0 is newer:\n\n  Changed:\n\n  For developers:\n\n  - **Line 3** says" in said
    assert f"An update to it has conflicts in:\n  {CHANGED}\n" in said
    assert said.endswith("too.\n\nAn update to it has no conflicts.\n")


def test_status_answers_in_json(edited: OlderProject) -> None:
    told: dict[str, Any] = json.loads(asked(edited, "status --json"))
    assert told["version"] == "7.1.0"
    assert told["edited"] == [CHANGED]
    assert told["removed"] == [RENAMED]
    assert [each["version"] for each in told["newer"]] == ["7.2.0", "7.3.0"]
    assert [each["conflicts"] for each in told["newer"]] == [[CHANGED], []]
    assert told["newer"][0]["stay_deleted"] == [RENAMED]


def test_the_status_of_an_unedited_project_of_the_newest_version(project: OlderProject) -> None:
    project.updates()
    said = asked(project, "status")
    assert said.startswith("This project has the base 7.3.0, commit ")
    assert said.endswith("\n\nThere is no newer version.\n")
    assert "you changed" not in said
    project.updates()
    assert project.out == "The project has 7.3.0 already: there is nothing to update.\n"


def test_what_status_foresees_happens(edited: OlderProject) -> None:
    told = json.loads(asked(edited, "status --json"))
    edited.stops("--json")
    outcome = json.loads(edited.out)
    assert [path for path, _ in outcome["conflicts"]] == told["newer"][0]["conflicts"]
    assert outcome["stay_deleted"] == told["newer"][0]["stay_deleted"]
    assert outcome["stopped_at"] == "7.2.0"


def test_a_dry_run_shows_the_changes_as_a_diff(edited: OlderProject) -> None:
    before = edited.hash()
    assert edited.update("--dry-run") == 2, edited.err
    assert f"diff --git a/{REMOVED} b/{REMOVED}\ndeleted file mode" in edited.out
    assert "+Changed in 7.3.0.\n" in edited.out
    assert MOVED not in edited.out
    assert edited.err == f"{CHANGED} would have a conflict\n"
    assert edited.update("--dry-run", "--json") == 2
    told = json.loads(edited.out)
    assert told["conflicts"] == [CHANGED]
    assert told["done"] is False
    assert edited.hash() == before
    edited.updates("--dry-run", "--to", "7.1.0")
