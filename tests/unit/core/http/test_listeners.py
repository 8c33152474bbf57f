"""Listening sockets that a supervisor passes, and how one closes."""

import os
import socket
import threading
from contextlib import closing

import pytest

from app.core.http import listeners
from app.core.http.listeners import UnusableSocket, passed_sockets, refuse_new


def told(count: str = "1", pid: int | None = None) -> dict[str, str]:
    return {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": count, "LISTEN_FDNAMES": "http"}


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch) -> int:
    """A file number that systemd's protocol would use first."""
    with socket.socket() as place:
        free = place.fileno()
    monkeypatch.setattr(listeners, "_FIRST_FD", free)
    return free


def test_a_passed_socket_is_found_and_hidden_from_children(number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listener.fileno() == number
        environment = told()
        (passed,) = passed_sockets(environment)
        assert passed.getsockname() == listener.getsockname()
        assert not os.get_inheritable(number)
        assert environment == {}
        passed.detach()


@pytest.mark.parametrize("environment", [{}, told("0"), told("many"), told(pid=1)])
def test_without_a_socket_for_this_process_there_is_none(environment: dict[str, str]) -> None:
    assert passed_sockets(environment) == []


@pytest.mark.parametrize("kind", ["a file", "a client's socket", "datagrams"])
def test_a_file_that_does_not_listen_is_refused(number: int, kind: str) -> None:
    if kind == "a file":
        os.close(os.open(os.devnull, os.O_RDONLY))
        file = os.open(os.devnull, os.O_RDONLY)
    else:
        type_ = socket.SOCK_DGRAM if kind == "datagrams" else socket.SOCK_STREAM
        file = socket.socket(type=type_).detach()
    assert file == number
    with pytest.raises(UnusableSocket, match=r"^LISTEN_FDS: .*; fix: name streams"):
        passed_sockets(told())


def test_who_connects_after_the_refusal_is_not_reset_but_finds_nobody() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    with closing(listener), socket.create_connection(address) as early:
        refuse_new([listener])
        accepted, _ = listener.accept()
        threading.Timer(0.2, listener.close).start()
        with pytest.raises(ConnectionRefusedError):  # and no ConnectionResetError
            socket.create_connection(address, timeout=5)
        with accepted:
            accepted.sendall(b"x")
            assert early.recv(1) == b"x"
