"""A line that cannot be written is lost and counted, and fails no work."""

import errno
import logging
import os
import sys
from contextlib import closing

import pytest
import structlog

from app.core.logging import LOST_LINES, prepare_output, release_output
from tests.support.logs import Full, lines, logged


def lost() -> float:
    return float(LOST_LINES._value.get())


@pytest.mark.parametrize("json_lines", [True, False], ids=["production", "development"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EPIPE, None])
def test_a_line_that_can_not_be_written_is_lost_and_counted(
    *, error: int | None, json_lines: bool
) -> None:
    before = lost()
    with logged(json_lines=json_lines, to=Full(error)) as output:
        if error is None:
            output.close()
        structlog.get_logger().info("ours")
        logging.getLogger("some.library").warning("theirs")
    assert lost() - before == 2


def test_lines_are_written_again_when_the_disk_has_room() -> None:
    with logged(to=Full(errno.ENOSPC)) as output:
        log = structlog.get_logger()
        log.info("lost")
        output.error = None
        log.info("written")
    assert [line["event"] for line in lines(output)] == ["written"]


class Unwritable:
    def __repr__(self) -> str:
        raise ValueError("no")


def test_a_line_that_cannot_be_rendered_is_lost_and_counted() -> None:
    before = lost()
    with logged() as output:
        structlog.get_logger().info("odd", value=Unwritable())
        logging.getLogger("some.library").warning("%d", "five")
    assert (output.getvalue(), lost() - before) == ("", 2)


def test_a_closed_standard_output_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    prepare_output()
    with closing(sys.stdout), closing(sys.stderr):
        print("no error")  # noqa: T201


def test_unwritten_output_does_not_fail_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as output:  # fails at its end if it cannot write
        output.write("nobody reads it")
        monkeypatch.setattr(sys, "stdout", output)
        release_output()
