"""The server as users start it, and clients that no library would let one write."""

import signal
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.support.server import PATIENCE_SECONDS, Command, Running, free_port, is_answering

WEBSOCKET = b"""\
GET /health/live HTTP/1.1\r
Host: test\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
\r
"""
LIVE = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n"
POST = b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
CLOSE = b"Connection: close\r\n"

# What is sent, and the status that comes back.
REFUSED: dict[str, tuple[bytes, int]] = {
    "bytes": (b"\x00\x01\xff\xfe\r\n\r\n", 400),
    "a TLS greeting": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "no target": (b"GET\r\n\r\n", 400),
    "an empty target": (b"GET  HTTP/1.1\r\nHost: test\r\n\r\n", 400),
    "another version": (b"GET / HTTP/9.9\r\n\r\n", 400),
    "a method that is no method": (b"BREW / HTTP/1.1\r\nHost: test\r\n\r\n", 400),
    "a tunnel": (b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n", 400),
    "a byte in the target": (b"GET /\xff HTTP/1.1\r\nHost: test\r\n\r\n", 400),
    "64 KiB of target": (b"GET /" + b"a" * 2**16 + b" HTTP/1.1\r\nHost: test\r\n\r\n", 400),
    "a space in a header's name": (b"GET / HTTP/1.1\r\nBad Header: a\r\n\r\n", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
    "a header without a colon": (b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
    "a NUL in a header": (b"GET / HTTP/1.1\r\nX-A: a\x00b\r\n\r\n", 400),
    "a header that is folded": (b"GET / HTTP/1.1\r\nX-A: a\r\n  b\r\n\r\n", 400),
    "lines without a carriage return": (b"GET / HTTP/1.1\nHost: test\n\n", 400),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "a length and chunks": (
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a length below zero": (POST + b"Content-Length: -1\r\n\r\n{}", 400),
    "a length that is no number": (POST + b"Content-Length: two\r\n\r\n{}", 400),
    "a length past 64 bits": (POST + b"Content-Length: 99999999999999999999\r\n\r\n{}", 400),
    "a chunk that is no chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", 400),
    "an encoding that is none": (POST + b"Transfer-Encoding: c4n4ry\r\n\r\n{}", 400),
    "a length past the limit": (POST + CLOSE + b"Content-Length: 1048577\r\n\r\n{}", 413),
    "no body": (POST + CLOSE + b"\r\n", 400),
    "HTTP/1.0, and no body": (b"POST /api/v1/auth/refresh HTTP/1.0\r\n\r\n", 415),
    "all of the server": (b"OPTIONS * HTTP/1.1\r\nHost: test\r\n" + CLOSE + b"\r\n", 404),
    "another method": (b"PURGE /health/live HTTP/1.1\r\nHost: test\r\n" + CLOSE + b"\r\n", 405),
    "a websocket": (WEBSOCKET, 403),
    "escapes of all kinds": (
        b"GET /%00%0d%0aX:%20a%ff%zz HTTP/1.1\r\nHost: test\r\n" + CLOSE + b"\r\n",
        404,
    ),
}
ANSWERED: dict[str, bytes] = {
    "HTTP/1.0": b"GET /health/live HTTP/1.0\r\n\r\n",
    "the whole address": b"GET http://other/health/live HTTP/1.1\r\nHost: test\r\n"
    + CLOSE
    + b"\r\n",
    "no host": b"GET /health/live HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "two requests at once": LIVE + LIVE.replace(b"\r\n\r\n", b"\r\n" + CLOSE + b"\r\n"),
    "many headers": LIVE[:-2] + b"X-A: a\r\n" * 5_000 + CLOSE + b"\r\n",
}


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`python -m app serve`, as after a fresh clone."""
    running = start(tmp_path_factory.mktemp("server"), port)
    yield running
    running.kill()


def start(folder: Path, port: int) -> Running:
    running = Command(folder, {"PORT": str(port)}).start("serve")
    try:
        running.wait_until(lambda: is_answering(port))
    except BaseException:
        running.kill()
        raise
    return running


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)


def exchange(port: int, sent: bytes, *, and_hang_up: bool = False) -> bytes:
    """All that comes back until the server closes the connection."""
    with connected(port) as connection:
        received = b""
        try:
            connection.sendall(sent)
            if and_hang_up:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                received += part
        except ConnectionError:  # closed while we were still sending
            pass
        return received


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


def next_answer(connection: socket.socket) -> int:
    """Read one answer, whole, and return its status."""
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def assert_still_answers(port: int) -> None:
    answer = exchange(port, LIVE[:-2] + CLOSE + b"\r\n")
    assert status_of(answer) == 200
    assert b'{"status":"alive"}' in answer


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_proper_request_is_refused(server: Running, port: int, what: str) -> None:
    sent, status = REFUSED[what]
    answer = exchange(port, sent)
    assert status_of(answer) == status
    assert b"\r\nserver:" not in answer.lower()
    assert b"c4n4ry" not in answer
    assert_still_answers(port)


@pytest.mark.parametrize("what", ANSWERED)
def test_what_is_odd_but_right_is_answered(server: Running, port: int, what: str) -> None:
    answer = exchange(port, ANSWERED[what])
    assert status_of(answer) == 200
    assert answer.count(b'{"status":"alive"}') == ANSWERED[what].count(b"GET ")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        b"GET /health/live HTTP/1.1\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: test\r\nX-A",
        POST + b'Content-Length: 20\r\n\r\n{"refresh',
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        POST + b"Expect: 100-continue\r\nContent-Length: 20\r\n\r\n",
        LIVE * 50,
    ],
)
def test_who_hangs_up_half_way_is_let_go(server: Running, port: int, sent: bytes) -> None:
    exchange(port, sent, and_hang_up=True)
    assert_still_answers(port)


def test_a_client_that_waits_to_be_asked_is_asked(server: Running, port: int) -> None:
    head = POST + CLOSE + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with connected(port) as connection:
        connection.sendall(head)
        assert connection.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert next_answer(connection) == 422


def test_a_connection_is_kept_after_an_error(server: Running, port: int) -> None:
    with connected(port) as connection:
        connection.sendall(POST + b"Content-Length: 1\r\n\r\n{")
        assert next_answer(connection) == 400
        connection.sendall(LIVE)
        assert next_answer(connection) == 200


def test_none_of_it_left_a_trace_of_a_defect(server: Running, port: int) -> None:
    assert_still_answers(port)
    assert "Traceback" not in server.output
    assert "unexpected error" not in server.output
    assert " status=500" not in server.output


# --- The end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_when_it_is_told_to_though_a_connection_is_idle(
    tmp_path: Path, kind: signal.Signals
) -> None:
    port = free_port()
    running = start(tmp_path, port)
    try:
        with connected(port) as idle:
            idle.sendall(LIVE)
            assert next_answer(idle) == 200
            assert running.stop(kind) == 0
            assert idle.recv(1) == b""
    finally:
        running.kill()
    assert "Traceback" not in running.output
    assert f"Alicerce 0.1.0 is at http://127.0.0.1:{port}" in running.output
