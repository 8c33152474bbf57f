"""If the event engine ends unexpectedly its process exits, so that a supervisor restarts it."""

from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.server import Command


@pytest.mark.parametrize(("command", "events"), [("serve", "embedded"), ("worker", "worker")])
def test_the_process_exits_with_a_failure(empty_folder: Path, command: str, events: str) -> None:
    settings = {"PORT": str(free_port()), "EVENTS": events}
    service = Command(empty_folder, settings, module="tests.support.ending_service")
    assert service.run("migrate").returncode == 0
    running = service.start(command)
    try:
        assert running.ended() == 1
    finally:
        running.kill()
    assert "engine ended" in running.output
    assert "ValueError: nobody thought of it" in running.output
