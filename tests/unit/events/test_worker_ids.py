import os
import subprocess
import sys

import pytest

from app.shared.infrastructure.events.delivery.worker_ids import has_ended, this_worker_id

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="nothing tells a place elsewhere")


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def named(number: object) -> str:
    return this_worker_id().rpartition(":")[0] + f":{number}"


def test_a_worker_id_is_unique_to_a_process_and_fits_its_column() -> None:
    assert this_worker_id() == named(os.getpid())
    assert len(this_worker_id()) <= 100


def test_a_running_process_is_not_gone() -> None:
    assert not has_ended(this_worker_id())
    assert not has_ended(named(1))  # the process of another user


@linux_only
def test_an_ended_process_is_gone() -> None:
    assert has_ended(named(ended_process()))


def test_a_process_of_another_machine_is_unknown() -> None:
    host, place, _ = this_worker_id().split(":")
    ended = ended_process()
    assert not has_ended(f"{host}:{place}0:{ended}")
    assert not has_ended(f"{host}:{ended}")


@pytest.mark.parametrize("worker_id", ["", ":", "::", "a:b", named(""), named("-1"), named("x")])
def test_an_invalid_worker_id_is_of_an_unknown_process(worker_id: str) -> None:
    assert not has_ended(worker_id)
