import os
import subprocess
import sys

import pytest

from app.shared.infrastructure.events.owners import is_gone, this_process

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="nothing tells a place elsewhere")


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def named(number: object) -> str:
    return this_process().rpartition(":")[0] + f":{number}"


def test_a_name_is_one_processs_own_and_fits_its_column() -> None:
    assert this_process() == named(os.getpid())
    assert len(this_process()) <= 100


def test_who_is_there_is_not_gone() -> None:
    assert not is_gone(this_process())
    assert not is_gone(named(1))  # perhaps somebody else's


@linux_only
def test_who_has_ended_is_gone() -> None:
    assert is_gone(named(ended_process()))


def test_of_another_place_nobody_knows() -> None:
    host, place, _ = this_process().split(":")
    ended = ended_process()
    assert not is_gone(f"{host}:{place}0:{ended}")
    assert not is_gone(f"{host}:{ended}")


@pytest.mark.parametrize("owner", ["", ":", "::", "a:b", named(""), named("-1"), named("x")])
def test_what_is_no_name_is_of_no_known_process(owner: str) -> None:
    assert not is_gone(owner)
