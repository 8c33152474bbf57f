"""Listening sockets: those that systemd passes, and how one closes without losing a connection."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterable, MutableMapping
from contextlib import suppress
from typing import Any, Final

# systemd's protocol of socket activation: sd_listen_fds(3).
_FIRST_FD: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")

# Linux's socket(7). Python has no name for it.
_SO_ATTACH_FILTER: Final = 26
# A program of the kernel's packet filter: bytes of (code, jump if true, jump if false, value). It
# reads the flags of a TCP segment, which are its 14th byte, and drops those with SYN.
_DROP_NEW: Final = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte
        (0x54, 0, 0, 0x02),  # keep SYN of it
        (0x15, 1, 0, 0),  # without SYN: jump over the next line
        (0x06, 0, 0, 0),  # drop
        (0x06, 0, 0, 0xFFFFFFFF),  # accept whole
    )
)


class UnusableSocket(Exception):
    """A socket that the supervisor passed cannot be used; the message says why."""


def passed_sockets(environment: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """Return the listening sockets that systemd, or another supervisor, passed to this process.

    Raises UnusableSocket. Processes that this one starts do not see the variables.
    """
    told = {name: environment.pop(name, "") for name in _VARIABLES}
    if told["LISTEN_PID"] != str(os.getpid()) or not told["LISTEN_FDS"].isdigit():
        return []
    numbers = range(_FIRST_FD, _FIRST_FD + int(told["LISTEN_FDS"]))
    return [_listening(number) for number in numbers]


def _listening(number: int) -> socket.socket:
    fix = "name streams with ListenStream= in the .socket unit, and leave Accept= off"
    try:
        passed = socket.socket(fileno=number)
        passed.set_inheritable(False)
        listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        message = f"LISTEN_FDS: the file {number} is not a socket ({error.strerror}); fix: {fix}"
        raise UnusableSocket(message) from None
    if passed.type != socket.SOCK_STREAM or not listens:
        passed.close()
        raise UnusableSocket(f"LISTEN_FDS: the socket {number} does not listen; fix: {fix}")
    return passed


def refuse_new(listeners: Iterable[Any]) -> None:
    """Let no further client connect. Those that connected already can still be accepted.

    A listener that closes resets the connections that wait in its queue, with their requests. So
    nothing must be in the queue then. Clients that begin to connect in between try again after a
    second, and learn that nobody listens: then a proxy asks another server.
    """
    program = ctypes.create_string_buffer(_DROP_NEW)
    count = len(_DROP_NEW) // struct.calcsize("HBBI")
    passed = struct.pack("HP", count, ctypes.addressof(program))
    for listener in listeners:
        # Not every system has it. Without it a client may be reset, as with other servers.
        with suppress(OSError), socket.socket(fileno=os.dup(listener.fileno())) as own:
            own.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, passed)
