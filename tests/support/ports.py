"""Free ports for the servers of tests."""

import secrets
import socket
from contextlib import ExitStack

# Below the ports that the system gives to outgoing connections (32768 on Linux): one of those
# could take a free port before its server listens on it.
FIRST, LAST = 20_000, 32_000


def free_port(*, in_a_row: int = 1) -> int:
    """Return a free port, followed by so many free ones."""
    while True:
        # Not from `random`: Hypothesis seeds it, so all processes would draw the same.
        first = FIRST + secrets.randbelow(LAST - FIRST)
        with ExitStack() as probes:
            try:
                for port in range(first, first + in_a_row):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
