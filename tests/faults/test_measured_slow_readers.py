"""Two hundred clients that ask for large lists and do not read them."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.modules.note import PROCESS
from tests.support.people import PASSWORD
from tests.support.ports import free_port
from tests.support.server import Running
from tests.support.sockets import start

READERS: Final = 200
MOST_BYTES: Final = 100_000_000
MOST_SECONDS: Final = 60.0
LONGEST: Final = "\U0001f600" * 9_000


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[Running]:
    running = start(
        tmp_path, port, module=PROCESS, LOG_LEVEL="ERROR", RATE_LIMIT_PER_MINUTE="100000"
    )
    yield running
    running.kill()


@pytest.fixture
def token(server: Running, port: int) -> str:
    """The access token of Ana, who has a hundred notes with the longest texts."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
        account = {"email": "ana@example.com", "password": PASSWORD, "full_name": "Ana"}
        assert client.post("/auth/register", json=account).status_code == 202
        form = {"username": "ana@example.com", "password": PASSWORD}
        token: str = client.post("/auth/token", data=form).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        for number in range(100):
            note = {"title": f"Note {number}", "text": LONGEST}
            assert client.post("/notes", json=note).status_code == 201
    return token


def test_they_hold_little_memory_and_are_gone_in_a_minute(
    server: Running, port: int, token: str
) -> None:
    before, most = resident_bytes(server), 0
    readers = [reader(port, token) for _ in range(READERS)]
    deadline = time.monotonic() + MOST_SECONDS
    try:
        while (left := still_there(port)) and time.monotonic() < deadline:
            most = max(most, resident_bytes(server) - before)
            time.sleep(0.2)
    finally:
        for each in readers:
            each.close()
    print(f"{READERS} slow readers: {most // 1_000_000} MB more, {left} left")  # noqa: T201
    assert (left, most < MOST_BYTES) == (0, True)


def reader(port: int, token: str) -> socket.socket:
    """Ask for a list, and wait until the answer has begun; read none of it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", port))
    head = (
        f"GET /api/v1/notes?limit=100 HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"
    )
    connection.sendall(head.encode() + b"\r\n")
    assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
    return connection


def resident_bytes(server: Running) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def still_there(port: int) -> int:
    """Return how many connections the server has open: clients may not notice that theirs ended."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    ends = [line.split()[1:4] for line in lines]
    return sum(here.endswith(f":{port:04X}") and state == "01" for here, _, state in ends)
