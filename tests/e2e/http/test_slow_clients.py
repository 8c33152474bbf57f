"""Slow and silent clients hold a connection only for a limited time."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import httpx2
import pytest
from pydantic import Field
from starlette.responses import Response

from app.core.http.ingress_policy import IngressPolicy
from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.server import HttpProtocol
from app.core.http.service import Service
from app.core.security import PUBLIC
from tests.support.ports import free_port
from tests.support.server import PATIENCE_SECONDS, served
from tests.support.sockets import CLOSE, LIVE, POST, Reply, connected, exchange, next_answer, start

SOON = 0.3
LARGE = 20_000_000  # more than the kernel buffers
GET = b"GET /fine HTTP/1.1\r\nHost: test\r\n"
POST_NOTE = b"POST /notes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: 100\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


class Impatient(HttpProtocol):
    HEAD_SECONDS = SOON
    READ_SECONDS = SOON


class Note(Body):
    text: Annotated[str, Field(max_length=100)]


async def take(body: Note) -> dict[str, str]:
    return {"text": body.text}


async def fine() -> dict[str, bool]:
    return {"fine": True}


async def large() -> Response:
    return Response(b"x" * LARGE)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a small service that waits a third of a second for each part of a request."""
    app = Service(report=print, ingress=IngressPolicy(body_seconds=SOON))
    router = ApiRouter()
    router.get("/fine", fine, access=PUBLIC)
    router.get("/large", large, access=PUBLIC)
    router.post("/notes", take, access=PUBLIC)
    app.add(router)
    with served(app, Impatient) as address:
        yield int(address.rpartition(":")[2])


def rest_of(connection: socket.socket) -> Reply:
    """Return what arrives until the server closes the connection."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionError:
        pass
    return Reply(received)


def trickle(connection: socket.socket, begin: bytes, drop: bytes) -> Reply:
    """Send the beginning, then a little again and again, until there is an answer."""
    connection.sendall(begin)
    connection.settimeout(SOON / 6)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            received = connection.recv(65_536)
        except TimeoutError:
            connection.sendall(drop)
        else:
            return Reply(received)
    pytest.fail("it goes on for ever")


def assert_is_timeout(answer: Reply) -> None:
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert answer.json()["code"] == "request_timeout"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_silent_client_is_disconnected_without_an_answer(port: int) -> None:
    with connected(port) as connection:
        assert rest_of(connection).whole == b""


@pytest.mark.parametrize("sent", [b"G", GET, GET + b"X-A", GET[:-2], POST_NOTE])
def test_an_incomplete_head_times_out(port: int, sent: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(sent)
        assert_is_timeout(rest_of(connection))


def test_a_slow_head_has_one_deadline_for_all_of_it(port: int) -> None:
    with connected(port) as connection:
        assert_is_timeout(trickle(connection, GET, b"X-A: a\r\n"))


def test_the_next_request_of_a_connection_has_its_own_deadline(port: int) -> None:
    with connected(port) as connection:
        for _ in range(3):  # longer than the time of one
            connection.sendall(GET + b"\r\n")
            assert next_answer(connection) == 200
            time.sleep(SOON / 2)  # the client's own leisure
        connection.sendall(GET)
        assert_is_timeout(rest_of(connection))


def test_empty_lines_do_not_keep_a_connection_open(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(GET + b"\r\n")
        assert next_answer(connection) == 200
        connection.sendall(b"\r\n")
        assert rest_of(connection).whole == b""


@pytest.mark.parametrize("announced", [LENGTH, CHUNKED])
def test_an_incomplete_body_times_out(port: int, announced: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(POST_NOTE + announced)
        assert_is_timeout(rest_of(connection))


@pytest.mark.parametrize(("announced", "drop"), [(LENGTH, b" "), (CHUNKED, b"1\r\n \r\n")])
def test_a_slow_body_has_one_deadline_for_all_of_it(
    port: int, announced: bytes, drop: bytes
) -> None:
    with connected(port) as connection:
        assert_is_timeout(trickle(connection, POST_NOTE + announced, drop))


def test_a_late_body_within_the_deadline_is_accepted(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(POST_NOTE + b"Content-Length: 13\r\n" + CLOSE + b"\r\n")
        connection.sendall(b'{"text": ')
        connection.sendall(b'"a"}')
        assert rest_of(connection).status == 200


def test_other_clients_are_served_meanwhile(port: int) -> None:
    slow: list[socket.socket] = []
    try:
        for number in range(150):
            slow.append(connected(port))
            slow[-1].sendall([b"", GET, POST_NOTE + LENGTH][number % 3])
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            assert {client.get("/fine").status_code for _ in range(300)} == {200}
        assert [rest_of(connection).whole[9:12] for connection in slow[1::3]] == [b"408"] * 50
    finally:
        for connection in slow:
            connection.close()


def test_a_client_that_does_not_read_its_answer_is_disconnected(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n")
        time.sleep(4 * SOON)
        assert len(rest_of(connection).whole) < LARGE


def test_the_connections_of_one_client_are_limited(tmp_path: Path) -> None:
    port = free_port()
    running = start(tmp_path, port, CONNECTIONS_PER_CLIENT="10")
    try:
        with ExitStack() as stack:
            held = []
            for _ in range(10):  # in turn: the connection that asked for the start ends meanwhile
                held.append(stack.enter_context(connected(port)))
                held[-1].sendall(LIVE)
                assert next_answer(held[-1]) == 200
            assert exchange(port, LIVE[:-2] + CLOSE + b"\r\n").whole == b""
            held[0].close()
            assert status_at_last(port) == 200
    finally:
        running.kill()


def status_at_last(port: int) -> int:
    """Ask until the server has seen that a connection ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        reply = exchange(port, LIVE[:-2] + CLOSE + b"\r\n")
        if reply.whole:
            return reply.status
    pytest.fail("it is never let in")


# --- The end ------------------------------------------------------------------------------------


def test_an_incomplete_body_does_not_prevent_a_server_from_stopping(tmp_path: Path) -> None:
    port = free_port()
    running = start(tmp_path, port, BODY_TIMEOUT_SECONDS="1")
    try:
        with connected(port) as held, connected(port) as idle:
            held.sendall(POST + b"Content-Length: 100\r\n\r\n{")
            idle.sendall(LIVE)
            assert next_answer(idle) == 200
            assert running.stop() == 0
            assert rest_of(held).status == 408
    finally:
        running.kill()
    assert "Traceback" not in running.output
