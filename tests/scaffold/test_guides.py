"""The commands of the tool's guides, each in a clone of the base."""

import os
from pathlib import Path

import pytest

from scaffold.base.git import Repository
from tests.scaffold.conftest import clone_of
from tests.scaffold.tours.tour import use_libraries_of_this_project
from tests.support.guides import Block, Shell, sections_run_by, to_be_run
from tests.support.project_copy import TOOLS

BLOCKS = [block for section in sections_run_by(__file__) for block in to_be_run(section)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.section.heading)
def test_the_commands_of_a_guide_succeed_and_add_files(
    base: Repository, tmp_path: Path, block: Block
) -> None:
    clone = clone_of(base.folder, tmp_path / "base")
    use_libraries_of_this_project(clone.folder)
    environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    with Shell(clone.folder, environment) as shell:
        shell.run(block.text)
    made = (tmp_path / "shop/app/container.py").exists()
    added = clone.git("status", "--porcelain", "--untracked-files=all").splitlines()
    assert made or any(line.startswith("?? app/modules/") for line in added)
