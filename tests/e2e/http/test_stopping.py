"""A stop loses no request: what clients see of it, from the signal to the end of the process."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.server import Command, Running, answering, is_answering
from tests.support.sockets import LIVE, POST, connected, next_answer

BODY = b'{"refresh_token":"a"}'
HEAD = POST + b"Content-Length: %d\r\n\r\n" % len(BODY)
READY = LIVE.replace(b"live", b"ready")


def serving(
    folder: Path, *, is_exec: bool = False, **settings: str
) -> AbstractContextManager[tuple[Running, int]]:
    return answering(Command(folder, settings, is_exec=is_exec))


@contextmanager
def activated(folder: Path, listener: socket.socket) -> Iterator[Running]:
    """The service on a socket that it is passed, as by systemd."""
    folder.mkdir()
    running = Command(folder, {}).start_on(listener, "serve")
    try:
        yield running
    finally:
        running.kill()


def get(port: int, path: str = "/health/live") -> tuple[int, str | None]:
    """Return the status, and the Connection header of the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Connection"]
    finally:
        connection.close()


def ask_to_stop(running: Running) -> float:
    """Return when it was asked."""
    running.process.terminate()
    return time.monotonic()


def test_a_stopping_service_is_not_ready_at_once_and_goes_on_accepting(tmp_path: Path) -> None:
    with serving(tmp_path, DRAIN_SECONDS="1.5") as (running, port):
        assert get(port, "/health/ready") == (200, None)
        with (
            connected(port) as used,
            connected(port) as idle,
            connected(port) as half,
            connected(port) as half_head,
        ):
            for each in (used, idle):
                each.sendall(LIVE)
                assert next_answer(each) == 200
            half.sendall(HEAD + BODY[:5])
            began = ask_to_stop(running)
            running.wait_until(lambda: get(port, "/health/ready") == (503, "close"))
            assert time.monotonic() - began < 0.5
            used.sendall(LIVE[:20])
            half_head.sendall(LIVE[:20])
            while time.monotonic() < began + 1.2:
                assert get(port) == (200, "close")
            used.sendall(LIVE[20:])
            assert next_answer(used) == 200
            assert used.recv(1) == b""
            running.wait_until(lambda: not is_answering(port))
            assert idle.recv(1) == b""
            half_head.sendall(LIVE[20:])
            assert next_answer(half_head) == 200
            half.sendall(BODY[5:])
            assert next_answer(half) == 401
            assert running.ended() == 0
        assert "Traceback" not in running.output


def test_a_second_signal_ends_the_drain(tmp_path: Path) -> None:
    with serving(tmp_path, DRAIN_SECONDS="15") as (running, port):
        began = ask_to_stop(running)
        running.wait_until(lambda: get(port, "/health/ready")[0] == 503)
        assert running.stop() == 0
        assert time.monotonic() - began < 5


def test_a_client_that_never_sends_its_body_is_cut_in_time(tmp_path: Path) -> None:
    with (
        serving(tmp_path, DRAIN_SECONDS="0", STOP_SECONDS="10") as (running, port),
        connected(port) as stuck,
    ):
        stuck.sendall(HEAD + BODY[:5])
        time.sleep(0.2)
        began = ask_to_stop(running)
        assert next_answer(stuck) == 503
        assert running.ended() == 0
        assert 3 < time.monotonic() - began < 9


def test_processes_that_share_a_socket_drain_together(tmp_path: Path) -> None:
    shape = {"DRAIN_SECONDS": "1.5", "WEB_CONCURRENCY": "2"}
    with serving(tmp_path, is_exec=True, **shape) as (running, port):
        running.wait_until(lambda: get(port, "/health/ready")[0] == 200)
        began = ask_to_stop(running)
        time.sleep(0.8)
        assert {get(port, "/health/ready") for _ in range(10)} == {(503, "close")}
        while time.monotonic() < began + 1.2:
            assert get(port) == (200, "close")
        assert running.ended() == 0
        assert not is_answering(port)


def test_a_passed_socket_keeps_connections_from_one_process_to_the_next(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with activated(tmp_path / "a", listener) as first:
            first.wait_until(lambda: get(port)[0] == 200)
            assert first.stop() == 0
        with connected(port) as waiting:
            waiting.sendall(LIVE)
            with activated(tmp_path / "b", listener) as second:
                assert next_answer(waiting) == 200
                assert second.stop() == 0


@pytest.mark.parametrize("after", [0.05, 0.3, 0.6])
def test_a_signal_during_the_start_ends_the_process_without_a_complaint(
    tmp_path: Path, after: float
) -> None:
    settings = {"PORT": str(free_port()), "DRAIN_SECONDS": "15"}
    running = Command(tmp_path, settings).start("serve")
    try:
        time.sleep(after)
        assert running.stop() in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
    finally:
        running.kill()
    assert "Traceback" not in running.output
