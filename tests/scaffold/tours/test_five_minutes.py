"""The tour "Five minutes" of README.md, against a service that runs."""

import os
from pathlib import Path

from tests.scaffold.tours.tour import steps
from tests.support.guides import Shell, assert_as_printed, sections_run_by
from tests.support.server import Command, answering


def test_each_command_of_the_tour_answers_as_it_is_printed(tmp_path: Path) -> None:
    [section] = sections_run_by(__file__)
    tour = steps(section)
    assert len(tour) >= 6

    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with (
        answering(Command(tmp_path, {}, is_exec=True)) as (service, port),
        Shell(tmp_path, environment) as shell,
    ):
        for step in tour:
            answer = shell.run(step.commands.replace(":8000", f":{port}"))
            assert_as_printed(answer, step.printed)
        assert service.stop() == 0
