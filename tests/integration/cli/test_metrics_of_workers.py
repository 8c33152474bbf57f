"""A worker serves its metrics on its own port, to clients with the token."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.metrics import TOKEN, asked
from tests.support.ports import free_port
from tests.support.server import Command, Running
from tests.support.sockets import exchange


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def command(empty_folder: Path, port: int) -> Command:
    settings = {"EVENTS": "worker", "METRICS_PORT": str(port), "METRICS_TOKEN": TOKEN}
    command = Command(empty_folder, settings)
    assert command.run("migrate").returncode == 0
    return command


@pytest.fixture
def worker(command: Command) -> Iterator[Running]:
    running = command.start("worker")
    yield running
    running.kill()


def test_a_client_with_the_token_sees_the_metrics_of_the_worker(worker: Running, port: int) -> None:
    worker.wait_until(
        lambda: 'event_deliveries_total{handler="user.forget_sessions"' in asked(port)
    )
    shown = asked(port)
    of_handler = 'handler="user.forget_sessions",queue="default"'
    assert f'event_backlog{{{of_handler},state="dead"}} 0.0' in shown
    assert "event_oldest_ready_seconds{" in shown
    assert "event_blocked_streams{" in shown
    assert "event_delivery_attempts_count{" in shown
    assert "event_claim_seconds_count " in shown
    assert worker.stop() == 0
    assert asked(port) == ""


def test_a_client_without_the_token_sees_nothing(worker: Running, port: int) -> None:
    worker.wait_until(lambda: bool(asked(port)))
    for path, token in (("metrics", "wrong"), ("metrics", "None"), ("docs", TOKEN)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx2.get(f"http://127.0.0.1:{port}/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_probes_of_a_worker_need_no_token(worker: Running, command: Command, port: int) -> None:
    worker.wait_until(lambda: bool(asked(port)))

    def probed(path: str) -> int:
        return httpx2.get(f"http://127.0.0.1:{port}/health/{path}").status_code

    assert (probed("live"), probed("ready")) == (200, 200)
    assert command.run("migrate", "--down", "base@base").returncode == 0
    worker.wait_until(lambda: probed("ready") == 503)  # the last answer is remembered for a second
    assert probed("live") == 200


def test_large_and_malformed_requests_are_refused_as_everywhere(worker: Running, port: int) -> None:
    worker.wait_until(lambda: bool(asked(port)))
    headers = b"".join(b"X-%d: a\r\n" % number for number in range(101))
    get = b"GET /metrics HTTP/1.1\r\nHost: test\r\n"
    for sent, code in (
        (get + headers + b"\r\n", "headers_too_large"),
        (get + b"X-A: " + b"a" * 20_000 + b"\r\n\r\n", "headers_too_large"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n", "uri_too_long"),
        (b"nonsense\r\n\r\n", "malformed_request"),
    ):
        assert exchange(port, sent).json()["code"] == code


def test_a_port_that_is_taken_stops_the_start_with_a_sentence(
    worker: Running, command: Command, port: int
) -> None:
    worker.wait_until(lambda: bool(asked(port)))
    second = command.run("worker")
    assert second.returncode == 1
    assert (
        f"127.0.0.1:{port}: Address already in use; fix: stop the process that uses"
        in second.stderr
    )
    assert "set METRICS_PORT" in second.stderr
    assert "Traceback" not in second.stderr
