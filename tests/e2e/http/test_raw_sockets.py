"""The server as users start it: connections that are kept, cut, abandoned and ended."""

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config.settings import NAME
from tests.support.ports import free_port
from tests.support.server import Running
from tests.support.sockets import (
    CLOSE,
    LIVE,
    POST,
    assert_still_answers,
    connected,
    exchange,
    next_answer,
    start,
)

UPGRADES = {
    "a websocket": b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
    "HTTP/2": b"Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABk\r\n",
}
FORM = b"username=ana@example.com&password=c4n4ry"
SIGN_IN = (
    b"POST /api/v1/auth/token HTTP/1.1\r\nHost: test\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(FORM), FORM)
)
ANSWERED: dict[str, bytes] = {
    "HTTP/1.0": b"GET /health/live HTTP/1.0\r\n\r\n",
    "the whole address": b"GET http://other:8000/health/live HTTP/1.1\r\nHost: a\r\n"
    + CLOSE
    + b"\r\n",
    "two requests at once": LIVE + LIVE.replace(b"\r\n\r\n", b"\r\n" + CLOSE + b"\r\n"),
    "100 headers": LIVE[:-2] + b"X-A: a\r\n" * 98 + CLOSE + b"\r\n",
    "a header of nearly 16 KiB": LIVE[:-2] + b"X-A: " + b"a" * 16_300 + b"\r\n" + CLOSE + b"\r\n",
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


@pytest.mark.parametrize("what", ANSWERED)
def test_an_unusual_but_valid_request_is_answered(server: Running, port: int, what: str) -> None:
    answer = exchange(port, ANSWERED[what])
    assert answer.status == 200
    assert answer.whole.count(b'{"status":"alive"}') == ANSWERED[what].count(b"GET ")


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
def test_a_client_that_disconnects_half_way_leaves_no_connection(
    server: Running, port: int, sent: bytes
) -> None:
    exchange(port, sent, and_hang_up=True)
    assert_still_answers(port)


def test_a_client_that_expects_100_continue_gets_it(server: Running, port: int) -> None:
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


@pytest.mark.parametrize("what", UPGRADES)
def test_an_offer_of_another_protocol_is_ignored(server: Running, port: int, what: str) -> None:
    """RFC 9110, section 7.8: a server that ignores the offer answers the request as usual."""
    offering = LIVE[:-2] + UPGRADES[what] + b"\r\n"
    closing = LIVE[:-2] + CLOSE + b"\r\n"
    answers = exchange(port, offering * 3 + LIVE + closing).whole
    assert answers.count(b"HTTP/1.1 200 OK") == answers.count(b'{"status":"alive"}') == 5


@pytest.mark.parametrize("part", [1, 7, 10_000])
@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 2\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
@pytest.mark.parametrize("what", UPGRADES)
def test_a_body_with_an_offer_of_another_protocol_is_read(
    server: Running, port: int, what: str, body: bytes, part: int
) -> None:
    """As Java's own client sends each of its first requests, and `curl --http2`."""
    sent = POST + UPGRADES[what] + body
    with connected(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(sent), part):
            connection.sendall(sent[start : start + part])
        assert next_answer(connection) == 422
        connection.sendall(LIVE)
        assert next_answer(connection) == 200


def test_connect_with_an_offer_of_another_protocol_is_refused(server: Running, port: int) -> None:
    head = b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\n" + UPGRADES["HTTP/2"]
    assert exchange(port, head + b"\r\n").status == 501


def test_the_limits_apply_with_an_offer_of_another_protocol(server: Running, port: int) -> None:
    body = b"Content-Length: 20000\r\n\r\n"
    assert exchange(port, POST + UPGRADES["HTTP/2"] + body).status == 413


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (LIVE, [200]),
        (LIVE * 3, [200] * 3),
        (POST + b"Content-Length: 2\r\n\r\n{}", [422]),
        (LIVE + POST + UPGRADES["HTTP/2"] + b"Content-Length: 2\r\n\r\n{}", [200, 422]),
        (POST + b"Content-Length: 3\r\n\r\n{}", [400]),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}", [400]),
        (LIVE + b"GET /health", [200]),
        (SIGN_IN, [400]),  # which takes long enough to be late
    ],
)
def test_a_client_that_closes_its_sending_half_is_answered(
    server: Running, port: int, sent: bytes, statuses: list[int]
) -> None:
    """A connection closes one direction at a time (RFC 9293, section 3.6)."""
    answers = exchange(port, sent, and_hang_up=True).whole
    assert [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", answers)] == statuses


def test_an_invalid_request_is_answered_after_earlier_requests(server: Running, port: int) -> None:
    answers = exchange(port, LIVE + LIVE + b"\0\r\n\r\n" + LIVE).whole
    assert re.findall(rb"^HTTP/1.1 (\d+)|}HTTP/1.1 (\d+)", answers) == [
        (b"200", b""),
        (b"", b"200"),
        (b"", b"400"),
    ]


def test_an_unread_body_that_has_arrived_keeps_the_connection(server: Running, port: int) -> None:
    with connected(port) as connection:
        unread = POST.replace(b"refresh", b"nothing") + b"Content-Length: 2\r\n\r\n{}"
        connection.sendall(unread)
        assert next_answer(connection) == 404
        connection.sendall(LIVE)
        assert next_answer(connection) == 200


def test_no_answer_says_which_server_it_is(server: Running, port: int) -> None:
    for sent in (LIVE[:-2] + CLOSE + b"\r\n", b"c4n4ry\r\n\r\n"):
        headers = exchange(port, sent).headers
        assert "server" not in headers
        assert "uvicorn" not in str(headers)


def test_none_of_the_requests_logged_a_defect(server: Running, port: int) -> None:
    assert_still_answers(port)
    assert "Traceback" not in server.output
    assert "unexpected error" not in server.output
    assert " status=500" not in server.output


# --- The end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_server_stops_although_a_connection_is_idle(tmp_path: Path, kind: signal.Signals) -> None:
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
    assert f"{NAME} 0.1.0 is at http://127.0.0.1:{port}" in running.output
