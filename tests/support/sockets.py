"""Clients that no library would allow, and the server as users start it."""

import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import orjson

from tests.support.server import PATIENCE_SECONDS, Command, Running, is_answering

CLOSE = b"Connection: close\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n"
POST = b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Reply:
    """An answer as it arrived, to the end of its connection."""

    whole: bytes

    @property
    def status(self) -> int:
        assert self.whole.startswith(b"HTTP/1.1 "), self.whole[:200]
        return int(self.whole[9:12])

    @property
    def headers(self) -> dict[str, str]:
        head = self.whole.partition(b"\r\n\r\n")[0].decode("latin-1")
        lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
        headers = {name.lower(): value for name, _, value in lines}
        assert len(headers) == len(lines), f"a header is there twice: {head}"
        return headers

    @property
    def body(self) -> bytes:
        return self.whole.partition(b"\r\n\r\n")[2]

    def json(self) -> Any:
        return orjson.loads(self.body)


def start(folder: Path, port: int, *, module: str = "app", **settings: str) -> Running:
    """`python -m app serve`, as after a fresh clone."""
    running = Command(folder, {"PORT": str(port), **settings}, module).start("serve")
    try:
        running.wait_until(lambda: is_answering(port))
    except BaseException:
        running.kill()
        raise
    return running


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)


def exchange(port: int, sent: bytes, *, and_hang_up: bool = False) -> Reply:
    """Return all bytes until the server closes the connection. It need not read all of them."""
    received = b""
    with connected(port) as connection:
        try:
            connection.sendall(sent)
            if and_hang_up:
                connection.shutdown(socket.SHUT_WR)
        # closed while we were still sending: the answer has arrived already
        except ConnectionError:
            pass
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionError:
            pass
    return Reply(received)


def next_answer(connection: socket.socket) -> int:
    """Read one whole answer, and return its status."""
    answer = HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def assert_still_answers(port: int) -> None:
    answer = exchange(port, LIVE[:-2] + CLOSE + b"\r\n")
    assert answer.status == 200
    assert answer.json() == {"status": "alive"}
