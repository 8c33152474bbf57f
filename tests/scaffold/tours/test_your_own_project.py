"""The tour "Your own project in five minutes" of README.md: a project, and a module in it."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from scaffold.base.git import Repository
from tests.scaffold.tours.tour import steps, use_libraries_of_this_project
from tests.support.guides import Shell, assert_as_printed, sections_run_by
from tests.support.server import Command, answering

ANA: Final = {"NAME": "Ana Example", "EMAIL": "ana@example.com"}
IDENTITY: Final = {f"GIT_{who}_{of}": ANA[of] for who in ("AUTHOR", "COMMITTER") for of in ANA}


def test_each_command_of_the_tour_answers_as_it_is_printed(
    base: Repository, tmp_path: Path
) -> None:
    project = base.folder.parent / "shop"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **IDENTITY}
    [section] = sections_run_by(__file__)
    tour = steps(section)
    assert len(tour) >= 6

    use_libraries_of_this_project(base.folder)
    port = 0
    with ExitStack() as stack:
        shell = stack.enter_context(Shell(base.folder, environment))
        for step in tour:
            if step.commands.startswith("url="):
                service = Command(tmp_path, {"PYTHONPATH": str(project)}, is_exec=True)
                running, port = stack.enter_context(answering(service))
            answer = shell.run(step.commands.replace(":8000", f":{port}"))
            assert_as_printed(answer, step.printed)
            use_libraries_of_this_project(project)
        assert running.stop() == 0
