"""If standard output cannot be written, the service still starts, works and stops."""

from pathlib import Path

import httpx2

from tests.support.metrics import TOKEN, asked
from tests.support.ports import free_port
from tests.support.server import Command, is_answering


def lost_lines(port: int) -> float:
    lines = [each for each in asked(port).splitlines() if each.startswith("log_lines_lost_total ")]
    return float(lines[0].split()[1]) if lines else 0.0


def test_with_a_full_log_disk_the_service_starts_serves_and_stops(empty_folder: Path) -> None:
    port = free_port()
    settings = {"PORT": str(port), "METRICS_TOKEN": TOKEN}
    running = Command(empty_folder, settings).start("serve", output=Path("/dev/full"))
    try:
        running.wait_until(lambda: is_answering(port))
        account = {"email": "ana@example.com", "password": "wrong", "full_name": "Ana"}
        base = f"http://127.0.0.1:{port}/api/v1/auth"
        assert httpx2.post(f"{base}/register", json=account).status_code == 422
        assert httpx2.post(f"{base}/refresh", json={"refresh_token": "no"}).status_code == 401
        assert lost_lines(port) > 0
        assert running.stop() == 0
    finally:
        running.kill()
    assert running.output == ""


def test_a_command_that_cannot_write_its_result_fails(
    empty_folder: Path,
) -> None:
    running = Command(empty_folder, {}).start("openapi", output=Path("/dev/full"))
    assert running.ended() == 1
    assert running.output == "The output could not be written: No space left on device.\n"
