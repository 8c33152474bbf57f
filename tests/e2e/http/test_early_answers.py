"""Answers before the end of their request: the client must be able to read them."""

import socket
import time
from collections.abc import Iterator

import pytest

from app.core.http.routing import ApiRouter
from app.core.http.schema_types import Body
from app.core.http.server import HttpProtocol
from app.core.http.service import Service
from app.core.security import AUTHENTICATED, PUBLIC
from tests.support.server import PATIENCE_SECONDS, served
from tests.support.sockets import Reply, connected

LINGER = 0.5
PART = b"x" * 16_384
SIZE = 64 * len(PART)
HEAD = b"POST %b HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n%b\r\n"
LENGTH = b"Content-Length: %d\r\n" % SIZE


class Brief(HttpProtocol):
    LINGER_SECONDS = LINGER


class Note(Body):
    text: str


async def take(body: Note) -> dict[str, str]:
    return {"text": body.text}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Service(report=print)
    router = ApiRouter()
    router.post("/notes", take, access=PUBLIC)
    router.post("/mine", take, access=AUTHENTICATED)
    app.add(router)
    with served(app, Brief) as address:
        yield int(address.rpartition(":")[2])


def answered(connection: socket.socket) -> Reply:
    """Return what arrives until the end."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return Reply(received)


def wait_for_answer(connection: socket.socket) -> None:
    """Wait until an answer has arrived, without reading it."""
    assert connection.recv(1, socket.MSG_PEEK)


@pytest.mark.parametrize(
    ("path", "framing", "part", "status"),
    [
        (b"/notes", LENGTH, PART, 413),
        (b"/notes", b"Transfer-Encoding: chunked\r\n", b"4000\r\n" + PART + b"\r\n", 413),
        (b"/mine", LENGTH, PART, 401),
        (b"/nowhere", LENGTH, PART, 404),
        (b"/notes", LENGTH + b"Content-Encoding: gzip\r\n", PART, 415),
        (b"/notes", b"Transfer-Encoding: gzip, chunked\r\n", PART, 501),
        (b"/notes", b"Content-Length: x\r\n", PART, 400),
    ],
)
def test_a_client_that_continues_sending_can_read_the_refusal(
    port: int, path: bytes, framing: bytes, part: bytes, status: int
) -> None:
    with connected(port) as connection:
        connection.sendall(HEAD % (path, framing) + 2 * part)
        wait_for_answer(connection)
        # as a proxy does, which has the whole body and reads the answer afterwards
        for _ in range(8):
            connection.sendall(part)
            time.sleep(0.005)
        assert answered(connection).status == status


def test_a_client_that_stops_sending_sees_the_end_at_once(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(HEAD % (b"/notes", LENGTH) + PART)
        began = time.monotonic()
        assert answered(connection).status == 413
        assert time.monotonic() - began < LINGER


def drip(connection: socket.socket) -> None:
    """Send a byte now and then while the connection is open."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        connection.sendall(b"x")
        time.sleep(LINGER / 20)


def test_a_client_that_never_stops_sending_is_disconnected(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(HEAD % (b"/notes", LENGTH))
        with pytest.raises(ConnectionError):
            drip(connection)


def test_a_request_after_a_refused_one_is_not_processed(port: int) -> None:
    fine = b'{"text": "a"}'
    length = b"Content-Length: %d\r\n" % len(fine)
    with connected(port) as connection:
        connection.sendall(HEAD % (b"/notes", b"Content-Length: x\r\n"))
        connection.sendall(HEAD % (b"/notes", length) + fine)
        reply = answered(connection)
        assert (reply.status, reply.whole.count(b"HTTP/1.1 ")) == (400, 1)
