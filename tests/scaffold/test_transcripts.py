"""The transcripts of the tool's guides: one after another in a project, each prints the same."""

import os
from pathlib import Path

import pytest

from scaffold.base.git import Repository
from tests.scaffold.conftest import clone_of, commit
from tests.support.guides import Shell, assert_as_printed, commands_run_by
from tests.support.project_copy import TOOLS


@pytest.fixture(scope="module")
def project(base: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return clone_of(base.folder, tmp_path_factory.mktemp("transcripts") / "project")


def test_each_command_prints_what_the_guide_shows(project: Repository, tmp_path: Path) -> None:
    environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    transcripts = commands_run_by(__file__)
    assert len(transcripts) >= 8
    with Shell(project.folder, environment) as shell:
        for step in (step for each in transcripts for step in each.split("$ ")[1:]):
            command, _, printed = step.partition("\n")
            assert_as_printed(shell.run(f"{command} || true"), printed)
            commit(project, "As the guide says")
