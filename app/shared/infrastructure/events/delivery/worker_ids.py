"""The process that holds a delivery, by a name that tells whether it still runs."""

import os
import secrets
import socket
from functools import cache
from pathlib import Path
from typing import Final

LONGEST_HOST: Final = 50  # the column stores 100 characters in all
ENDED: Final = {"Z", "X"}  # proc(5): its parent has not read its exit status yet


def this_worker_id() -> str:
    """Return a name that no other running process has."""
    return f"{socket.gethostname()[:LONGEST_HOST]}:{_pid_namespace()}:{os.getpid()}"


def has_ended(worker_id: str) -> bool:
    """Tell whether the process has ended; False if this process can't know."""
    _host, _, process = worker_id.partition(":")
    namespace, _, number = process.partition(":")
    if namespace != _pid_namespace() or not number.isdecimal():
        return False
    try:
        state = (
            Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        )
    except FileNotFoundError:
        return True
    return state in ENDED


@cache
def _pid_namespace() -> str:
    """The place where a process's number means one process: a boot of a kernel, a namespace in it.

    A host's name is not enough: containers that share a network have one name, and each has its own
    process 1. If the place is unknown, this process counts as a place of its own.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino:x}"
    except OSError:
        return secrets.token_hex(8)
