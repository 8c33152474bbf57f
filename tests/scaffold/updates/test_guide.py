"""The commands of the guide to updates, in a project that is older than its base."""

import os
import shutil
from pathlib import Path

from scaffold.base.git import Repository
from tests.scaffold.tours.tour import use_libraries_of_this_project
from tests.support.guides import Shell, commands_run_by
from tests.support.project_copy import TOOLS

(COMMANDS,) = commands_run_by(__file__)


def test_the_commands_bring_the_base_into_a_branch(
    tmp_path: Path, made_first: Path, base: Repository
) -> None:
    shutil.copytree(base.folder, tmp_path / "base", symlinks=True)
    shutil.copytree(made_first, tmp_path / "shop")
    use_libraries_of_this_project(tmp_path / "shop")
    environment = {"PATH": f"{TOOLS}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    with Shell(tmp_path / "shop", environment) as shell:
        printed = shell.run(COMMANDS)
    assert "Look at the branch" in printed
    branch = Repository(tmp_path / "shop").git("branch", "--show-current")
    assert branch.startswith("update-base-")
